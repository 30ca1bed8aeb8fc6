"""Machine identities of Lumen Harbour, and services that use each other: a story a function."""

from ..account.naming import hex_of
from .company import gone, used


def pipelines(company):
    """Service IDs that build and deploy, in a service ID group of their own."""
    account, things = company.account, company.instances
    shop = account.service_id("shop-pipeline", group="Pipelines", created_at="2021-11-16")
    data = account.service_id("data-pipeline", group="Pipelines", created_at="2022-04-05")
    account.policy(
        shop,
        ["Viewer", "Writer"],
        instance=things["shop"],
        created_at="2021-11-16",
        **used("2026-11-23", 9_876),
    )
    account.policy(
        shop,
        ["Writer"],
        instance=things["images"],
        attributes=[
            ("resourceType", "stringEquals", "namespace"),
            ("resource", "stringEquals", "shop"),
        ],
        created_at="2021-11-16",
        **used("2026-11-23", 9_412),
    )
    account.policy(
        data,
        ["Reader", "Writer"],
        attributes=[
            ("serviceName", "stringEquals", "messagehub"),
            ("serviceInstance", "stringMatch", things["events"]["guid"][:8] + "-*"),
        ],
        created_at="2022-04-05",
        **used("2026-11-22", 77_310),
    )
    account.service_id(
        "partner-webhook",
        group="Partner integrations",
        description="posts arrival times",
        created_at="2023-05-30",
    )


def operators_of_machines(company):
    """Service IDs of the default group: one all-powerful and locked, others small."""
    account, things = company.account, company.instances
    terraform = account.service_id(
        "terraform",
        locked=True,
        description="applies the infrastructure repository",
        created_at="2020-09-14",
    )
    account.add_member(company.group("Platform Engineering"), terraform, created_at="2020-09-14")
    account.policy(
        terraform,
        ["Administrator"],
        service_type="platform_service",
        created_at="2020-09-14",
        **used("2026-11-23", 15_002),
    )
    backup = account.service_id("nightly-backup", created_at="2019-06-20", description="03:15 UTC")
    account.add_member(company.group("Backup Operators"), backup, created_at="2024-04-16")
    account.policy(  # The same as through the group, from before there was one.
        backup,
        ["Writer"],
        instance=things["backups"],
        version="v1",
        created_at="2019-06-20",
        **used("2026-11-23", 2_711),
    )
    grafana = account.service_id("grafana", created_at="2022-01-18")
    account.policy(
        grafana,
        ["Viewer", "Reader"],
        instance=things["metrics"],
        created_at="2022-01-18",
        **used("2026-11-23", 3_900_114),
    )
    # Made by the console along with a service credential, hence its name.
    account.service_id(
        "auto-generated-serviceId-" + hex_of("ledger credential"),
        unique_instance_crns=[things["ledger"]["crn"]],
        created_at="2021-02-17",
    )


def the_robot_nobody_uses(company):
    """Made for an import in 2019, still able to read keys, never seen since."""
    account = company.account
    robot = account.service_id("import-2019", locked=True, created_at="2019-05-15")
    for service, roles in (("kms", ["Reader", "ReaderPlus"]), ("cloud-object-storage", ["Writer"])):
        account.policy(
            robot,
            roles,
            service=service,
            resource_group=company.resource_groups["finance"],
            created_at="2019-05-15",
            last_permit_at=None,
            last_permit_frequency=0,
        )
    # Two people made a test and called it so.
    account.service_id("test", created_at="2021-08-02", created_by="IBMid-66C0FFEE01")
    account.service_id("test", created_at="2024-02-13")


def clusters_that_become_someone(company):
    """Trusted profiles for workloads; one of them for whatever runs in the namespace `default`."""
    account, things = company.account, company.instances
    reader = account.profile(
        "cluster-secrets", description="reads secrets at start", created_at="2023-02-20"
    )
    account.link(reader, "IKS_SA", things["prod-cluster"], namespace="default", name="default")
    account.policy(
        reader,
        ["SecretsReader"],
        instance=things["vault"],
        created_at="2023-02-20",
        **used("2026-11-23", 88_121),
    )
    scaler = account.profile("cluster-autoscaler", created_at="2023-02-21")
    account.link(
        scaler,
        "ROKS_SA",
        things["tokyo-cluster"],
        namespace="kube-system",
        name="autoscaler",
        label="tokyo autoscaler",
    )
    account.policy(
        scaler,
        ["Operator"],
        instance=things["tokyo-cluster"],
        created_at="2023-02-21",
        **used("2026-11-23", 40_233),
    )
    jobs = account.profile("shop-jobs", created_at="2024-05-27")
    account.link(  # Code Engine says which project by name and gives no CRN.
        jobs, "CE", component_type="job", component_name="price-list", created_at="2024-05-27"
    )
    account.add_member(company.group("Data Analysts"), jobs, created_at="2024-05-28")
    runner = account.profile("build-runner", created_at="2022-03-09")
    for machine, kind in (("runner-1", "VSI"), ("runner-2", "VSI"), ("power-1", "PVS")):
        service = "is" if kind == "VSI" else "power-iaas"
        account.link(
            runner,
            kind,
            f"crn:v1:bluemix:public:{service}:eu-de:a/{account.account_id}::instance:{machine}",
            label=machine,
        )
    account.policy(
        runner,
        ["Writer"],
        service="container-registry",
        region="eu-de",
        created_at="2022-03-09",
        **used("2026-11-23", 120_045),
    )


def people_who_become_someone(company):
    """Trusted profiles that people put on: through a rule, by name, from another account."""
    account, who = company.account, company.people
    helpers = account.profile(
        "external-support",
        description="claims are checked by the provider",
        created_at="2023-09-11",
    )
    account.claim_rule(
        helpers,
        [("groups", "CONTAINS", "support"), ("blueGroups", "IN", ["on-call", "night-shift"])],
        realm="https://sso.lumenharbour.example.com/saml",
        name="anything with support in it",
    )
    account.policy(
        helpers,
        ["Viewer", "Reader"],
        instance=company.instances["logs-prod"],
        created_at="2023-09-11",
        **used("2026-09-27", 33),
    )
    any_cluster = account.profile("any-cluster", created_at="2024-01-08")
    account.claim_rule(
        any_cluster,
        [("namespace", "EQUALS", "monitoring")],
        cr_type="IKS_SA",
        name="every cluster of the account",
        expiration=3600,
    )
    break_glass = account.profile("break-glass", created_at="2022-10-10")
    account.profile_identity(
        break_glass, who["zoe.mueller"], accounts=[account.account_id, hex_of("other account")]
    )
    account.profile_identity(break_glass, account.service_ids[0], description="drill")
    for group in company.old_resource_groups:
        account.policy(
            break_glass,
            ["Administrator", "Manager"],
            resource_group=group,
            created_at="2022-10-10",
            **(used("2024-03-17", 4) if group["name"] == "platform-prod" else {}),
        )
    account.profile(
        "enterprise-baseline",
        template_id="ProfileTemplate-" + hex_of("template"),
        assignment_id="TemplateAssignment-" + hex_of("assignment"),
        created_at="2025-03-03",
    )
    account.policy(  # Its subject was deleted, the policy was not.
        "iam-Profile-0d3f6a52-7c1e-4b88-9f0a-2d5c8e7b1a34",
        ["Viewer"],
        instance=company.instances["edge"],
        created_at="2022-08-29",
        **used("2022-12-05", 21),
    )


def the_company_that_was_bought(company):
    """Skyline's services work, but hardly any policy reaches them.

    Of the services Lumen Harbour bought, one is reached by a policy for a partner. The others
    look as if they were reached too: by a policy on their resource group itself, by an
    authorization, by a policy that was deleted.
    """
    account, things = company.account, company.instances
    account.policy(
        company.people["partner"],
        ["Reader", "Viewer"],
        instance=things["skyline-tracking"],
        created_at="2026-06-22",
        **used("2026-11-09", 12),
    )
    account.policy(
        company.group("Platform Engineering"),
        ["Viewer"],
        attributes=[
            ("resourceType", "stringEquals", "resource-group"),
            (
                "resource",
                "stringEquals",
                company.resource_groups["skyline-acquisition"]["id"],
            ),
        ],
        created_at="2026-06-16",
        **used("2026-11-17", 9),
    )
    account.authorization(
        ["Reader"],
        {"serviceName": "codeengine", "serviceInstance": things["skyline-site"]},
        {"serviceName": "cloud-object-storage", "serviceInstance": things["skyline-photos"]},
        created_at="2026-06-16",
    )
    bridge = account.service_id("mainframe-sync", created_at="2019-05-16")
    account.policy(
        bridge,
        ["Writer"],
        service="messagehub",
        attributes=[
            ("serviceInstance", "stringMatch", things["mainframe-bridge"]["guid"][:18] + "*")
        ],
        version="v1",
        created_at="2019-05-16",
        **used("2026-11-23", 1_204_660),
    )


def services_that_trust_each_other(company):
    """Authorizations: in order, too wide, from another account, and with one end gone."""
    account, things = company.account, company.instances
    cos, kms = "cloud-object-storage", "kms"
    account.authorization(
        ["Reader"],
        {"serviceName": cos, "serviceInstance": things["lake"]},
        {"serviceName": kms, "serviceInstance": things["keys"]},
        created_at="2021-09-08",
    )
    account.authorization(
        ["Reader", "AuthorizationDelegator"],
        {"serviceName": "databases-for-postgresql", "resourceGroupId": True},
        {"serviceName": kms, "serviceInstance": things["keys"]},
        created_at="2021-09-08",
    )
    account.authorization(
        ["Writer"],
        {"serviceName": "logs", "serviceInstance": things["logs-prod"]},
        {"serviceName": cos, "serviceInstance": things["backups"], "resourceType": "bucket"},
        created_at="2024-10-09",
    )
    account.authorization(
        ["Reader"],
        {"serviceName": "is", "resourceType": "image"},
        {"serviceName": cos},
        version="v1",
        created_at="2020-05-04",
    )
    account.authorization(
        ["Reader"],
        {
            "accountId": hex_of("other account"),
            "serviceName": cos,
            "serviceInstance": gone("their archive"),
        },
        {"serviceName": kms, "serviceInstance": things["keys"]},
        description="archive of the parent company",
        created_at="2023-11-20",
    )
    account.authorization(
        ["Reader"],
        {"serviceName": cos, "serviceInstance": gone("archive-2020")},
        {"serviceName": kms, "serviceInstance": things["keys"]},
        created_at="2021-09-08",
    )
    account.authorization(
        ["Reader"],
        {"serviceName": "databases-for-postgresql", "serviceInstance": things["ledger"]},
        {"serviceName": kms, "serviceInstance": gone("keys-2020")},
        created_at="2021-02-17",
    )
    account.authorization(
        ["Writer"],
        {"serviceName": "secrets-manager", "serviceInstance": things["test-vault"]},
        {"serviceName": "container-registry"},
        created_at="2023-07-19",
    )


def robots_that_could_be_profiles(company):
    """A service ID that runs in a cluster with a key, one of the cluster itself, and a gatekeeper.

    The gatekeeper puts new colleagues into groups, so it could make itself anything.
    """
    account, things = company.account, company.instances
    prices = account.service_id(
        "fuel-prices",
        description="runs on prod-cluster, namespace pricing",
        created_at="2022-06-07",
    )
    # Valid for long: with no valid key left a service ID is no candidate for a profile.
    account.add_api_key(prices, "fuel-prices", created_at="2026-09-07", expires_at="2036-09-07")
    account.policy(
        prices,
        ["Editor"],
        instance=things["sessions"],
        created_at="2022-06-07",
        **used("2026-11-23", 311_876),
    )
    # The Kubernetes service makes one for each cluster, to pull images with.
    cluster = things["dev-cluster"]
    puller = account.service_id(
        f"cluster-{cluster['guid']}", description="ID for dev-cluster", created_at="2021-03-02"
    )
    account.add_api_key(puller, "pull secret", created_at="2021-03-02")
    account.policy(
        puller,
        ["Reader"],
        service="container-registry",
        created_at="2021-03-02",
        **used("2026-11-23", 51_404),
    )
    gatekeeper = account.service_id(
        "onboarding", description="puts new hires into groups", created_at="2024-02-12"
    )
    account.add_api_key(gatekeeper, "hr-system", created_at="2026-10-01", expires_at="2026-12-30")
    account.policy(
        gatekeeper,
        ["Administrator"],
        service="iam-groups",
        created_at="2024-02-12",
        **used("2026-11-02", 38),
    )


def trust_that_is_left_over(company):
    """A link that outlived its cluster, beside one that did not, and a profile nobody can be."""
    account, things = company.account, company.instances
    telemetry = account.profile("telemetry", created_at="2021-04-19")
    old = things["prod-cluster"]["crn"].replace(things["prod-cluster"]["guid"], gone("old cluster"))
    for cluster, label in ((old, "the old cluster"), (things["prod-cluster"], "production")):
        account.link(telemetry, "IKS_SA", cluster, namespace="telemetry", name="agent", label=label)
    account.link(
        telemetry,
        "CE",
        things["shop"],
        component_type="application",
        component_name="agent",
        label="the shop",
    )
    account.policy(
        telemetry,
        ["Writer"],
        instance=things["metrics"],
        created_at="2021-04-19",
        **used("2026-11-23", 702_118),
    )
    migration = account.profile(
        "tokyo-migration", description="until the move is over", created_at="2021-05-31"
    )
    account.policy(
        migration,
        ["Operator"],
        resource_group=company.resource_groups["tokyo"],
        created_at="2021-05-31",
        **used("2021-07-02", 245),
    )


def a_cluster_in_no_list(company):
    """A cluster that search shows and no list of service instances: what names it is no orphan."""
    account, things = company.account, company.instances
    cluster = account.cluster(
        "quayside", "eu-de", company.resource_groups["platform-prod"], created_at="2025-06-16"
    )
    cluster_id = cluster["crn"].split(":")[7]
    cranes = account.profile("crane-control", created_at="2025-06-17")
    account.link(cranes, "IKS_SA", cluster, namespace="cranes", name="control", label="quayside")
    account.policy(
        cranes,
        ["Writer"],
        instance=things["events"],
        created_at="2025-06-17",
        **used("2026-11-23", 51_220),
    )
    account.policy(
        company.group("Platform Engineering"),
        ["Viewer", "Writer"],
        service="containers-kubernetes",
        instance=cluster_id,
        created_at="2025-06-18",
        **used("2026-11-20", 1_904),
    )
    account.authorization(
        ["Reader"],
        {"serviceName": "containers-kubernetes", "serviceInstance": cluster_id},
        {"serviceName": "kms", "serviceInstance": things["keys"]},
        created_at="2025-06-16",
        **used("2026-11-23", 8_811),
    )


MACHINES = (
    pipelines,
    operators_of_machines,
    the_robot_nobody_uses,
    clusters_that_become_someone,
    people_who_become_someone,
    the_company_that_was_bought,
    services_that_trust_each_other,
    robots_that_could_be_profiles,
    trust_that_is_left_over,
    a_cluster_in_no_list,
)
