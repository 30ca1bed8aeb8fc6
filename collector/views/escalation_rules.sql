-- title: >
--   What roles allow that leads to more access, and what cannot be decided.
-- notes: |
--   What a role allows that leads to more access: one row for each rule, role and service.
--
--   service_name: as policies name it; null is any service. platform_service and IAM stand for all
--   account management services and for the IAM ones among them. role: how the role's ID ends.
--   gives: what is reached. confidence: of the outcome, for this role.
--   decided: 1 if escalation_steps has the rule's steps; else undecided_because says why not.
with
  rules(number, action, step, outcome, gives, undecided_because, topic) as (
    values
    (
      1, 'iam.policy.create', 'grants itself any role', 'full control', 'full_control', null,
      'all account management services'
    ),
    (
      2, 'members.add', 'adds itself to it', 'joins an administrators'' group', 'group',
      null, 'iam-groups'
    ),
    (
      3, 'rules.create, rules.update', 'adds a rule that it meets',
      'a federated claim adds oneself', 'group',
      'The same roles can add a member (rule 2), which needs no claim; the paths show rule 2.',
      'iam-groups'
    ),
    (
      4, 'apikey.create', 'creates an API key for it', 'acts as that service ID',
      'service_id', null, 'iam-identity'
    ),
    (
      5, 'apikey.get', 'reads a stored API key', 'reads keys stored as retrievable',
      'credential', 'IBM Cloud does not list which keys are stored as retrievable.', 'iam-identity'
    ),
    (
      6, 'profile.update, profile.linkToResource',
      'makes itself trusted by it', 'trusts oneself or one''s compute on a profile', 'profile',
      null, 'iam-identity'
    ),
    (
      7, 'idp.create, idp.update', 'controls claims',
      'controls claims, with rule 3 or 6', 'claims',
      'It needs an identity provider of the account, and those are not in the file.', 'iam-identity'
    ),
    (
      8, 'account.update', 'weakens the settings',
      'weakens MFA, IP address limits, and creation limits', 'settings',
      'It weakens a protection, but gives no access.', 'iam-identity'
    ),
    (
      9, 'user.replace-iam-id', 'puts an IBMid of its own in their place',
      'rebinds a user''s access to another IBMid', 'user', null, 'user-management'
    ),
    (
      10, 'user.create, user-setting.update',
      'invites an accomplice', 'invites an accomplice, lifts address limits', 'settings',
      'An invited user has no access yet, and a lifted limit gives none.', 'user-management'
    ),
    (
      11, 'policy.create, settings.update',
      'grants itself any role', 'grants roles, opens external identities', 'full_control', null,
      'iam-access-management'
    ),
    (
      12, 'customRole.update', 'adds actions to its own role',
      'adds actions to a role one holds', 'role',
      'Which actions a service offers to custom roles is not in the file.',
      'iam-access-management'
    ),
    (
      13, 'policy.create, role.assign', 'grants itself every role there',
      'grants oneself Manager there', 'resource', null, 'every service'
    ),
    (
      14, 'tag.attach-access-tag', 'attaches an access tag',
      'pulls a resource into tag-scoped policies', 'resource',
      'It gives access only to the resource, which its administrator can have by rule 13.',
      'tagging'
    ),
    (
      15, 'delegationPolicy.create', 'authorizes a service', 'service-to-service access',
      'authorization', 'What a service does with an authorization is not in the file.',
      'every service'
    ),
    (
      16, 'resource-controller.key.create', 'creates a service credential',
      'a lasting credential', 'credential',
      'The credential gives access only to the instance, and to no identity of the account.',
      'resource-controller'
    ),
    (
      17, 'credential.retrieve_all', 'reads a service credential of it',
      'reads all stored credentials', 'service_id', null, 'resource-controller'
    ),
    (
      18, 'a pod as the linked namespace and service account', 'runs a pod in the cluster',
      'assumes the profile', 'profile', null, 'containers-kubernetes'
    ),
    (
      19, 'a metadata token', 'takes a token from the virtual server', 'assumes the profile',
      'profile', null, 'is'
    ),
    (
      20, 'a compute resource token', 'runs code in the project', 'assumes the profile',
      'profile', null, 'codeengine'
    ),
    (
      21, 'compute that a profile''s compute rule matches', 'creates matching compute',
      'assumes the profile', 'profile',
      'Which compute can be created to match depends on claims that compute gets when it is created.',
      'trusted profiles'
    ),
    (
      22, 'a service ID and key of its own',
      'creates a service ID and a key of its own', 'stays after removal', 'lasting_access', null,
      'identity settings'
    ),
    (
      23, 'secret.read', 'reads stored IAM credentials',
      'takes stored IAM credentials', 'credential',
      'Which secrets an instance holds is not in the file.', 'secrets-manager'
    ),
    (
      24, 'templates, assignments', 'assigns a template', 'pushes access into child accounts',
      'child_accounts',
      'It leads to other accounts; which templates are assigned where is not in the file.',
      'enterprise'
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
    (5, 'iam-identity', 'role:Editor', 'medium'),
    (5, 'iam-identity', 'role:Operator', 'medium'),
    (6, 'iam-identity', 'role:Administrator', 'medium'),
    (6, 'iam-identity', 'role:Editor', 'medium'),
    (6, 'iam-identity', 'role:Operator', 'medium'),
    (7, 'iam-identity', 'role:Administrator', 'medium'),
    (7, 'iam-identity', 'role:Operator', 'medium'),
    (8, 'iam-identity', 'role:Administrator', 'medium'),
    (8, 'iam-identity', 'role:Editor', 'medium'),
    (8, 'iam-identity', 'role:Operator', 'medium'),
    (9, 'user-management', 'role:Administrator', 'medium'),
    (9, 'user-management', 'role:Editor', 'medium'),
    (10, 'user-management', 'role:Administrator', 'medium'),
    (10, 'user-management', 'role:Editor', 'medium'),
    (11, 'iam-access-management', 'role:Administrator', 'medium'),
    (12, 'iam-access-management', 'role:Editor', 'medium'),
    (13, null, 'role:Administrator', 'high'),
    (14, null, 'role:Administrator', 'medium'),
    (15, null, 'role:Administrator', 'medium'),
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
    (24, 'enterprise', 'role:TemplateAssignmentAdministrator', 'medium')
  )
select
  rules.number,
  roles.service_name,
  roles.role,
  rules.action,
  rules.step,
  rules.outcome,
  rules.gives,
  roles.confidence,
  rules.undecided_because is null as decided,
  rules.undecided_because,
  case
    when rules.number in (18, 19, 20, 21) then 'IBM Cloud Docs: Creating trusted profiles'
    else 'IBM Cloud Docs: IAM roles and actions'
  end || ' (' || rules.topic || ')' as source
from rules
join roles on roles.number = rules.number
