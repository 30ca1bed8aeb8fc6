-- title: Overly broad dynamic rules
-- question: Which dynamic rules of access groups have no condition that narrows down who matches?
-- category: Access groups
-- severity: high
-- why: >
--   Everyone who matches a rule is added to the group at their next login, without anyone's
--   approval.
-- remediation: >
--   In the console (Access groups, the group, Dynamic rules), create a rule that names a group of
--   the identity provider with EQUALS or IN, then delete this one. The command line cannot do
--   this.
-- notes: >
--   Only users of the account can become members through a rule. All conditions of a rule must be
--   met, so one good condition is enough; the report lists rules that have none. NOT_EQUALS
--   matches everyone but a few. CONTAINS on a text also matches longer texts, such as not-admins
--   for admins; on a list of groups it matches exactly one of them. IBM Cloud does not say which
--   kind a claim is: claims named groups, roles, memberOf, and the like are treated as lists, and
--   rules with such a condition are listed for information only. Claims that many people share,
--   under their usual names, are country, location, region, city, language, time zone, company,
--   organization, domain, employee type, and verified address. How many people a good claim
--   matches is not known, nor whether people can change the claim themselves. Operators other than
--   the six in IBM's documentation are not judged. is_privileged is yes for groups with a policy
--   that administers the account or all services, and empty otherwise.
-- references:
--   - "IBM Cloud Docs: IAM condition properties"
--   - "IBM Cloud Docs: Creating dynamic rules for access groups"
-- shown: [access_group, rule, severity, conditions, weakness, is_privileged, identity_provider]
-- breakdown: {by: severity}
-- identifiers: [rule_id]
-- chart:
--   mark: bar
--   x_column: weakness
--   x_type: nominal
--   y_column: rules
--   y_type: quantitative
with
  weak_rules as materialized (
    select rule_id, conditions, weakness, severity from weak_claim_rules where kind = 'access_group'
  ),
  privileged as materialized (
    select access_group_id from privileged_policies where access_group_id is not null
  )
select
  coalesce(accounts.name, rules.account_id) as account,
  coalesce(nullif(access_groups.name, ''), access_groups.id) as access_group,
  coalesce(nullif(rules.name, ''), rules.id) as rule,
  weak_rules.conditions,
  weak_rules.weakness,
  weak_rules.severity,
  rules.realm_name as identity_provider,
  iif(rules.group_id in (select access_group_id from privileged), 'yes', null) as is_privileged,
  rules.expiration as session_hours,
  rules.created_at,
  1 as rules,
  null as command,
  arguments.console,
  acknowledged.note as acknowledged,
  rules.group_id as access_group_id,
  rules.id as rule_id,
  rules.account_id,
  count(*) over () as report_rows
from weak_rules
join access_group_rules as rules on rules.id = weak_rules.rule_id
join access_groups on access_groups.id = rules.group_id
join accounts on accounts.account_id = rules.account_id
join access_group_arguments as arguments on arguments.access_group_id = rules.group_id
left join acknowledged_findings as acknowledged
  on acknowledged.report = 'dynamic_rule_broad'
  and acknowledged.account_id = rules.account_id
  and acknowledged.finding = rules.id
where access_groups.listed = 1
order by account, rules.account_id, access_group, rules.group_id, rule, rules.id
