-- title: >
--   What roles allow that leads to more access, and what cannot be decided.
-- notes: |
--   One row for each rule, service, and role. Made by docs/escalation_pages.py: edit collector/escalation/ instead.
-- columns:
--   id: The rule, as docs/escalation.md explains it and others can cite it.
--   number: The number in its ID.
--   title: What somebody does.
--   service_name: >
--     The service, as policies name it; empty is any. platform_service and IAM are all account
--     management services and the IAM ones among them.
--   role: How the role's ID ends; empty if the rule stands for no predefined role.
--   action: The actions of IAM that allow it, or what else does.
--   step: What the holder does, as paths tell it.
--   outcome: What it comes to.
--   gives: What is reached.
--   confidence: "That of the outcome, for this role: high, medium, or low."
--   decided: 1 if escalation_steps has its steps.
--   undecided_because: Otherwise, why not.
--   remediation: How to close it.
--   audit: The actions of activity tracking events that show it.
--   source: The documents that it is taken from.
-- facets: [decided, gives, confidence]
with
  rules(
    number, title, action, step, outcome, gives, undecided_because, remediation, audit, source
  ) as (
    values
    (
      1,
      'Grant oneself any role as administrator of account management',
      'iam.policy.create',
      'grants itself any role',
      'full control',
      'full_control',
      null,
      'Grant Administrator on single account management services, to as few identities as possible, and through an access group or a trusted profile that is assumed only when needed.',
      'iam-am.policy.create',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Assigning access to account management services; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      2,
      'Add oneself to an access group',
      'iam-groups.members.add',
      'adds itself to it',
      'joins an administrators'' group',
      'group',
      null,
      'Limit the policy to the access groups that its holder is to manage (resource), and grant Viewer where looking is enough. Keep groups of administrators out of it.',
      'iam-groups.member.add',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Setting up access groups; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      3,
      'Add a dynamic rule that one meets to an access group',
      'iam-groups.rules.create, iam-groups.rules.update',
      'adds a rule that it meets',
      'a federated claim adds oneself',
      'group',
      'Which claims a person has is not in the file. Administrator and Editor can add a member (ibm-iam-002) as well, which needs no claim; the paths show ibm-iam-002.',
      'Limit the policy to the access groups that its holder is to manage (resource). Let groups of administrators have no dynamic rules.',
      'iam-groups.rule.create, iam-groups.rule.update, iam-groups.federated-member.add',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Setting up access groups; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      4,
      'Create an API key for a service ID',
      'iam-identity.apikey.create',
      'creates an API key for it',
      'acts as that service ID',
      'service_id',
      null,
      'Limit the policy to the service IDs that its holder is to manage (resourceType serviceid and resource), and keep service IDs with administrator access out of it.',
      'iam-identity.serviceid-apikey.create, iam-identity.serviceid-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Managing service ID API keys; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      5,
      'Read an API key that is stored as retrievable',
      'iam-identity.apikey.get',
      'reads a stored API key',
      'reads keys stored as retrievable',
      'credential',
      'IBM Cloud does not list which keys are stored as retrievable.',
      'Create API keys without store_value, replace those that have it, and keep keys in Secrets Manager.',
      'iam-identity.serviceid-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud API: IAM Identity Services, create an API key (store_value); IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      6,
      'Make oneself trusted by a trusted profile',
      'iam-identity.profile.update',
      'makes itself trusted by it',
      'trusts oneself or one''s compute on a profile',
      'profile',
      null,
      'Limit the policy to the trusted profiles that its holder is to manage (resourceType profile and resource), and grant Viewer where looking is enough.',
      'iam-identity.account-profile.update, iam-identity.trustedprofile-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Creating trusted profiles; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      7,
      'Control an identity provider, and so the claims of its users',
      'iam-identity.idp.create, iam-identity.idp.update',
      'controls claims',
      'controls claims, with ibm-iam-003 or ibm-iam-006',
      'claims',
      'It needs an identity provider of the account, and those are not in the file.',
      'Let only those who manage single sign-on have a role on IAM Identity as a whole; limit others to the service IDs and profiles that they manage (resourceType and resource).',
      null,
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Enabling authentication from an external identity provider'
    ),
    (
      8,
      'Weaken the identity settings of the account',
      'iam-identity.account.update',
      'weakens the settings',
      'weakens MFA, IP address limits, and creation limits',
      'settings',
      'It weakens a protection, but gives no access.',
      'Limit the policy to the service IDs and trusted profiles that its holder is to manage (resourceType and resource): then it does not cover the settings.',
      'iam-identity.accountsettings.update',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Activity tracking events for account management'
    ),
    (
      9,
      'Put another IBMid in the place of a user',
      'user-management.user.replace-iam-id',
      'puts an IBMid of its own in their place',
      'rebinds a user''s access to another IBMid',
      'user',
      null,
      'Grant Operator or Viewer on User Management, and let few people invite and change users.',
      'user-management.user-realm.update',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Changing a user''s IBMid; IBM Cloud Docs: Activity tracking events for account management'
    ),
    (
      10,
      'Invite an accomplice',
      'user-management.user.create, user-management.user-setting.update',
      'invites an accomplice',
      'invites an accomplice, lifts address limits',
      'settings',
      'An invited user has no access yet, and a lifted limit gives none.',
      'Restrict the domains that can be invited, and let few people manage users.',
      'user-management.user.invite, user-management.user-setting.update',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Inviting users to an account; IBM Cloud Docs: Activity tracking events for account management'
    ),
    (
      11,
      'Grant oneself any role as administrator of IAM Access Management',
      'iam.policy.create',
      'grants itself any role',
      'grants roles, opens external identities',
      'full_control',
      null,
      'Grant Viewer on IAM Access Management where looking is enough, or limit the policy to custom roles (resourceType customRole). Take iam.policy.create out of custom roles.',
      'iam-am.policy.create',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Assigning access to account management services; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      12,
      'Add actions to a custom role that one has',
      'iam-access-management.customRole.update',
      'adds actions to its own role',
      'adds actions to a role one holds',
      'role',
      'It takes a custom role of one''s own, and which actions a service offers to custom roles is not in the file.',
      'Let only those who may grant access change custom roles, and grant predefined roles to others.',
      null,
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Creating custom roles'
    ),
    (
      13,
      'Grant oneself every role on a resource that one administers',
      'iam.policy.create',
      'grants itself every role there',
      'grants oneself Manager there',
      'resource',
      null,
      'Grant Editor or Operator instead of Administrator, or link a profile with less access.',
      'iam-am.policy.create',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Managing access to resources; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      14,
      'Attach an access tag to a resource',
      'global-search-tagging.tag.attach-access-tag',
      'attaches an access tag',
      'pulls a resource into tag-scoped policies',
      'resource',
      'It gives access only to the resource, which its administrator can have by ibm-iam-013.',
      'Grant Editor or Operator instead of Administrator, and take the action out of custom roles.',
      '<service-name>.tag.attach',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Activity tracking events for account management'
    ),
    (
      15,
      'Authorize a service to use a resource',
      'iam.delegationPolicy.create',
      'authorizes a service',
      'service-to-service access',
      'authorization',
      'What a service does with an authorization is not in the file.',
      'Grant Editor or Operator instead of Administrator, and review authorizations from other accounts.',
      'iam-am.policy.create',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Using authorizations to grant access between services; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      16,
      'Create a service credential',
      'resource-controller.key.create',
      'creates a service credential',
      'a lasting credential',
      'credential',
      'The credential gives access only to the instance, and to no identity of the account.',
      'Grant Viewer with the service role that is needed, and delete credentials that nobody uses.',
      'iam-identity.serviceid-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Adding and viewing credentials; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      17,
      'Read every service credential of an instance',
      'resource-controller.credential.retrieve_all',
      'reads a service credential of it',
      'reads all stored credentials',
      'service_id',
      null,
      'Show credentials only once (one-time view), and give the service ID behind a credential no access but to its instance.',
      'iam-identity.serviceid-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Adding and viewing credentials; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      18,
      'Run a pod as a service account that a trusted profile trusts',
      'containers-kubernetes.kube.manage, containers-kubernetes.kube.write',
      'runs a pod in the cluster',
      'assumes the profile',
      'profile',
      null,
      'Link the profile to a namespace of its own, limit policies to the other namespaces, and give the profile no more than the workload needs.',
      'iam-identity.trustedprofile-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Creating trusted profiles'
    ),
    (
      19,
      'Take the token of a virtual server that a trusted profile trusts',
      'a metadata token',
      'takes a token from the virtual server',
      'assumes the profile',
      'profile',
      null,
      'Disable the metadata service where it is not used, limit policies to other servers, and give the profile no more than the server needs.',
      'is.metadata.computeresource-token.request, iam-identity.trustedprofile-apikey.login',
      'IBM Cloud Docs: Creating trusted profiles; IBM Cloud Docs: Activity tracking events for VPC'
    ),
    (
      20,
      'Run code in a Code Engine project that a trusted profile trusts',
      'codeengine.tenant.entities.create, codeengine.tenant.entities.update',
      'runs code in the project',
      'assumes the profile',
      'profile',
      null,
      'Use a project of its own for what the profile is for, and give the profile no more than that needs.',
      'codeengine.application.create, codeengine.application.update, codeengine.job.create, codeengine.jobrun.create, iam-identity.trustedprofile-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Creating trusted profiles; IBM Cloud Docs: Activity tracking events for Code Engine'
    ),
    (
      21,
      'Create compute that a claim rule of a trusted profile matches',
      'compute that a profile''s compute rule matches',
      'creates matching compute',
      'assumes the profile',
      'profile',
      'Which compute can be created to match depends on claims that compute gets when it is created.',
      'Link profiles to single compute resources, or let rules name the instance, namespace, and service account.',
      'iam-identity.trustedprofile-apikey.login',
      'IBM Cloud Docs: Creating trusted profiles; IBM Cloud Docs: IAM condition properties'
    ),
    (
      22,
      'Keep access with a service ID of one''s own',
      'a service ID and key of its own',
      'creates a service ID and a key of its own',
      'stays after removal',
      'lasting_access',
      null,
      'Restrict the creation of service IDs in the settings, and grant the role Service ID creator to those who need it.',
      'iam-identity.account-serviceid.create, iam-identity.serviceid-apikey.create',
      'IBM Cloud Docs: Creating and working with service IDs; IBM Cloud Docs: Activity tracking events for IAM'
    ),
    (
      23,
      'Read IAM credentials from Secrets Manager',
      'secrets-manager.secret.read, secrets-manager.secret-version.read',
      'reads stored IAM credentials',
      'takes stored IAM credentials',
      'credential',
      'Which secrets an instance holds is not in the file.',
      'Limit policies to secret groups, and give the identity behind a secret no more than its use needs.',
      'secrets-manager.secret.read, secrets-manager.secret-version.read, iam-identity.serviceid-apikey.login',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Activity tracking events for Secrets Manager'
    ),
    (
      24,
      'Push access into child accounts with enterprise templates',
      'iam-access-management.policy-template.create, iam-access-management.policy-assignment.create',
      'assigns a template',
      'pushes access into child accounts',
      'child_accounts',
      'It leads to other accounts; which templates are assigned where is not in the file.',
      'Grant the two roles to different people, and review each version of a template before it is assigned.',
      'iam-identity.profile-template.create, iam-identity.profile-template.assign, iam-groups.groups-template.create, iam-groups.groups-template.assign, iam-access-management.policy-template.create, iam-access-management.policy-assignment.create',
      'IBM Cloud Docs: IAM roles and actions; IBM Cloud Docs: Activity tracking events for IAM'
    )
  ),
  roles(number, service_name, role, confidence) as (
    values
    (1, 'platform_service', 'role:Administrator', 'high'),
    (1, 'IAM', 'role:Administrator', 'high'),
    (2, 'iam-groups', 'role:Administrator', 'high'),
    (2, 'iam-groups', 'role:Editor', 'medium'),
    (3, 'iam-groups', 'role:Administrator', 'medium'),
    (3, 'iam-groups', 'role:Editor', 'medium'),
    (4, 'iam-identity', 'role:Administrator', 'high'),
    (4, 'iam-identity', 'role:Operator', 'high'),
    (5, 'iam-identity', 'role:Administrator', 'medium'),
    (5, 'iam-identity', 'role:Editor', 'medium'),
    (5, 'iam-identity', 'role:Operator', 'medium'),
    (6, 'iam-identity', 'role:Administrator', 'medium'),
    (6, 'iam-identity', 'role:Editor', 'medium'),
    (6, 'iam-identity', 'role:Operator', 'medium'),
    (7, 'iam-identity', 'role:Administrator', 'medium'),
    (7, 'iam-identity', 'role:Editor', 'medium'),
    (7, 'iam-identity', 'role:Operator', 'medium'),
    (8, 'iam-identity', 'role:Administrator', 'medium'),
    (8, 'iam-identity', 'role:Editor', 'medium'),
    (8, 'iam-identity', 'role:Operator', 'medium'),
    (9, 'user-management', 'role:Administrator', 'medium'),
    (9, 'user-management', 'role:Editor', 'medium'),
    (10, 'user-management', 'role:Administrator', 'medium'),
    (10, 'user-management', 'role:Editor', 'medium'),
    (11, 'iam-access-management', 'role:Administrator', 'medium'),
    (12, 'iam-access-management', 'role:Administrator', 'medium'),
    (12, 'iam-access-management', 'role:Editor', 'medium'),
    (13, null, 'role:Administrator', 'high'),
    (14, null, 'role:Administrator', 'medium'),
    (15, null, 'role:Administrator', 'medium'),
    (16, null, 'role:Administrator', 'medium'),
    (16, null, 'role:Editor', 'medium'),
    (16, null, 'role:Operator', 'medium'),
    (17, null, 'role:Administrator', 'high'),
    (18, 'containers-kubernetes', 'serviceRole:Manager', 'medium'),
    (18, 'containers-kubernetes', 'serviceRole:Writer', 'medium'),
    (19, 'is', 'role:Editor', 'medium'),
    (19, 'is', 'role:Operator', 'medium'),
    (20, 'codeengine', 'serviceRole:Manager', 'medium'),
    (20, 'codeengine', 'serviceRole:Writer', 'medium'),
    (21, null, null, 'high'),
    (22, null, null, 'high'),
    (23, 'secrets-manager', 'serviceRole:Manager', 'medium'),
    (23, 'secrets-manager', 'serviceRole:SecretsReader', 'medium'),
    (23, 'secrets-manager', 'serviceRole:Writer', 'medium'),
    (24, 'enterprise', 'role:TemplateAdministrator', 'medium'),
    (24, 'enterprise', 'role:TemplateAssignmentAdministrator', 'medium'),
    (24, 'IAM', 'role:TemplateAdministrator', 'medium'),
    (24, 'IAM', 'role:TemplateAssignmentAdministrator', 'medium')
  )
select
  printf('ibm-iam-%03d', rules.number) as id,
  rules.number,
  rules.title,
  roles.service_name,
  roles.role,
  rules.action,
  rules.step,
  rules.outcome,
  rules.gives,
  roles.confidence,
  rules.undecided_because is null as decided,
  rules.undecided_because,
  rules.remediation,
  rules.audit,
  rules.source
from rules
join roles on roles.number = rules.number
