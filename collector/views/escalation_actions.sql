-- title: The actions that lead to more access, whatever the name of the role that has them.
-- notes: |
--   One row for each rule of escalation_rules, service, and action: a custom role that has one of a
--   rule's actions in its service allows what the rule tells. confidence: of the outcome, for the
--   action alone. Made by docs/escalation_pages.py: edit collector/escalation/ instead.
with
  actions(number, service_name, action, confidence) as (
    values
    (1, 'platform_service', 'iam.policy.create', 'high'),
    (1, 'IAM', 'iam.policy.create', 'high'),
    (2, 'iam-groups', 'iam-groups.members.add', 'medium'),
    (3, 'iam-groups', 'iam-groups.rules.create', 'medium'),
    (3, 'iam-groups', 'iam-groups.rules.update', 'medium'),
    (4, 'iam-identity', 'iam-identity.apikey.create', 'high'),
    (5, 'iam-identity', 'iam-identity.apikey.get', 'medium'),
    (6, 'iam-identity', 'iam-identity.profile.update', 'medium'),
    (7, 'iam-identity', 'iam-identity.idp.create', 'medium'),
    (7, 'iam-identity', 'iam-identity.idp.update', 'medium'),
    (8, 'iam-identity', 'iam-identity.account.update', 'medium'),
    (9, 'user-management', 'user-management.user.replace-iam-id', 'medium'),
    (10, 'user-management', 'user-management.user.create', 'medium'),
    (10, 'user-management', 'user-management.user-setting.update', 'medium'),
    (11, 'iam-access-management', 'iam.policy.create', 'low'),
    (12, 'iam-access-management', 'iam-access-management.customRole.update', 'medium'),
    (13, null, 'iam.policy.create', 'medium'),
    (14, null, 'global-search-tagging.tag.attach-access-tag', 'medium'),
    (15, null, 'iam.delegationPolicy.create', 'medium'),
    (16, null, 'resource-controller.key.create', 'medium'),
    (17, null, 'resource-controller.credential.retrieve_all', 'high'),
    (18, 'containers-kubernetes', 'containers-kubernetes.kube.manage', 'medium'),
    (18, 'containers-kubernetes', 'containers-kubernetes.kube.write', 'medium'),
    (20, 'codeengine', 'codeengine.tenant.entities.create', 'medium'),
    (20, 'codeengine', 'codeengine.tenant.entities.update', 'medium'),
    (23, 'secrets-manager', 'secrets-manager.secret.read', 'medium'),
    (23, 'secrets-manager', 'secrets-manager.secret-version.read', 'medium'),
    (24, 'iam-access-management', 'iam-access-management.policy-template.create', 'medium'),
    (24, 'iam-access-management', 'iam-access-management.policy-assignment.create', 'medium')
  )
select number, service_name, action, confidence
from actions
