"""The part of an account that search sees: tags, and resources that are no service instances."""

from .naming import api_object, creation_day, hex_of, identifier, make_crn, moment

TAG_KINDS = ("user", "access", "service")


class TagObjects:
    """Methods of Account that make and attach tags, and resources that only search finds."""

    def new_tag(self, name, kind="user"):
        """A tag (`GET /v3/tags`), attached to nothing yet; tags are lower-case."""
        if kind not in TAG_KINDS:
            raise ValueError(f"There is no kind {kind!r} of tags, only {', '.join(TAG_KINDS)}.")
        known = self.tag_names[kind]
        if name.lower() not in known:
            known.append(name.lower())
        return name.lower()

    def tag(self, resource, *names, kind="user"):
        """Attach tags to an instance or another resource, or to whatever has that CRN.

        Returns the tags of the resource, by kind.
        """
        crn = resource["crn"] if isinstance(resource, dict) else resource
        made = [self.new_tag(name, kind) for name in names]
        attached = self.tags.setdefault(crn, {kind: [] for kind in TAG_KINDS})
        attached[kind] += made
        return attached

    def searchable(
        self,
        name,
        service="is",
        kind="instance",
        region="us-south",
        resource_group=None,
        instance="",
        **fields,
    ):
        """A resource that search finds and no listing here has, such as a VPC server.

        `POST /v3/resources/search` shows it; without tags it has no `tags` of any kind. With an
        `instance` (its GUID) it is a part of that.
        """
        seed = self._seed("searchable", service, kind, name)
        resource = f"{hex_of('zone', region, length=4)}_{hex_of(*seed, length=20)}"
        group_id = identifier(resource_group or self.default_resource_group())
        created = moment(creation_day(fields), "milliseconds", *seed)
        defaults = {
            "crn": make_crn(
                service,
                self.account_id,
                region=region,
                instance=instance,
                kind=kind,
                resource=resource,
            ),
            "name": name,
            "type": kind,
            "family": service,
            "service_name": service,
            "region": region,
            "resource_group_id": group_id,
            "account_id": self.account_id,
            "creation_date": created,
            "modification_date": created,
        }
        fields = {key: value for key, value in fields.items() if key != "created_at"}
        made = api_object(defaults, fields, "milliseconds", *seed)
        self.searchables.append(made)
        return made

    def cluster(self, name, region="eu-de", resource_group=None, **fields):
        """A Kubernetes cluster that only search finds: no list of service instances has it."""
        service = "containers-kubernetes"
        cluster_id = hex_of(*self._seed("cluster", name), length=20)
        defaults = {
            "crn": make_crn(service, self.account_id, region=region, instance=cluster_id),
            "family": "containers",
            "type": "k8-cluster",
        }
        return self.searchable(
            name, service, "cluster", region, resource_group, **{**defaults, **fields}
        )
