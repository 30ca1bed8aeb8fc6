-- title: The actions that lead to more access, whatever the name of the role that has them.
-- grain: one row for each rule of escalation_rules, service, and action
-- key: [number, service_name, action]
-- columns:
--   number: {is: Number of the rule in escalation_rules., kind: integer, required: true}
--   service_name: {is: "The service in which a role has the action; empty is any.", required: true}
--   action: {is: The action., required: true}
--   confidence: "That of the outcome, for the action alone: high, medium, or low."
-- rests_on: []
-- errs: Same as escalation_rules.
-- notes: |
--   A custom role that has one of a rule's actions in its service allows what the rule tells.
--   Made by docs/escalation_pages.py: edit collector/escalation/ instead.
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
(11, 'iam-access-management', 'iam.policy.update', 'low'),
(12, 'iam-access-management', 'iam-access-management.customRole.update', 'medium'),
(13, '', 'iam.policy.create', 'medium'),
(13, '', 'iam.policy.update', 'low'),
(14, '', 'global-search-tagging.tag.attach-access-tag', 'medium'),
(15, '', 'iam.delegationPolicy.create', 'medium'),
(16, '', 'resource-controller.key.create', 'medium'),
(17, '', 'resource-controller.credential.retrieve_all', 'high'),
(18, 'containers-kubernetes', 'containers-kubernetes.kube.manage', 'medium'),
(18, 'containers-kubernetes', 'containers-kubernetes.kube.write', 'medium'),
(20, 'codeengine', 'codeengine.tenant.entities.create', 'medium'),
(20, 'codeengine', 'codeengine.tenant.entities.update', 'medium'),
(23, 'secrets-manager', 'secrets-manager.secret.read', 'medium'),
(23, 'secrets-manager', 'secrets-manager.secret-version.read', 'medium'),
(24, 'iam-access-management', 'iam-access-management.policy-template.create', 'medium'),
(24, 'iam-access-management', 'iam-access-management.policy-assignment.create', 'medium'),
(25, 'iam-groups', 'iam.policy.create', 'low'),
(25, 'iam-groups', 'iam.policy.update', 'low'),
(26, 'iam-identity', 'iam.policy.create', 'low'),
(26, 'iam-identity', 'iam.policy.update', 'low'),
(27, 'iam-identity', 'iam.policy.create', 'low'),
(27, 'iam-identity', 'iam.policy.update', 'low'),
(28, 'user-management', 'iam.policy.create', 'low'),
(28, 'user-management', 'iam.policy.update', 'low'),
(29, 'iam-access-management', 'iam.policy.update', 'low'),
(29, '', 'iam.policy.update', 'low'),
(30, 'secrets-manager', 'secrets-manager.secret.create', 'low'),
(31, 'secrets-manager', 'secrets-manager.secret.create', 'low'),
(32, '', 'resource-controller.key.create', 'low'),
(35, 'power-iaas', 'power-iaas.pvm-instance-console.create', 'low'),
(36, 'containers-kubernetes', 'containers-kubernetes.kube.manage', 'medium'),
(36, 'containers-kubernetes', 'containers-kubernetes.kube.write', 'medium'),
(37, 'project', 'project.config.deploy', 'low'),
(40, 'iam-identity', 'iam-identity.account.enable_idp', 'medium'),
(41, 'appid', 'appid.mgmt.set.idps', 'low'),
(44, 'iam-identity', 'global-search-tagging.tag.attach-access-tag', 'low'),
(45, 'schematics', 'schematics.workspace.update', 'low'),
(46, 'codeengine', 'codeengine.tenant.entities.read', 'low'),
(47, 'iam-access-management', 'iam-access-management.settings.update', 'medium'),
(48, 'iam-groups', 'iam-groups.account-settings.update', 'medium'),
(49, 'user-management', 'user-management.user.state-change', 'medium'),
(50, 'context-based-restrictions', 'context-based-restrictions.zone.update', 'high'),
(51, '', 'cbr.rule.update', 'high'),
(51, '', 'cbr.rule.delete', 'high'),
(52, 'secrets-manager', 'secrets-manager.secret.create', 'low'),
(52, 'secrets-manager', 'secrets-manager.configuration.update', 'low')
