"""The part of an account that answers "what": resource groups and service instances."""

from .naming import (
    NANOSECONDS,
    api_object,
    creation_day,
    given,
    hex_of,
    identifier,
    make_crn,
    uuid_of,
)

#: When instances were deleted, or put into the queue for it, for which nothing else is said.
END_DAY = "2026-10-20"


class ResourceObjects:
    """Methods of Account that make resource groups, instances and reclamations."""

    def resource_group(self, name, listed=True, **fields):
        """A resource group (`GET /v2/resource_groups`).

        One that is not `listed` exists, and instances are in it, but the token lacks the
        role to see the group itself.
        """
        seed = self._seed("resource group", name)
        group_id = given(fields, "id", hex_of(*seed))
        created = creation_day(fields)
        defaults = {
            "id": group_id,
            "crn": self._resource_group_crn(group_id),
            "account_id": self.account_id,
            "name": name,
            "state": "ACTIVE",
            "default": False,
            "quota_id": hex_of("quota"),
            "quota_url": f"/v2/quota_definitions/{hex_of('quota')}",
            "payment_methods_url": f"/v2/resource_groups/{group_id}/payment_methods",
            "resource_linkages": [],
            "teams_url": f"/v2/resource_groups/{group_id}/teams",
            "created_at": created,
            "updated_at": created,
        }
        group = api_object(defaults, fields, NANOSECONDS, *seed)
        self.resource_groups.append(group)
        if not listed:
            self.unlisted_resource_groups.add(group_id)
        return group

    def default_resource_group(self):
        """The group of instances for which no other is named; made when first needed."""
        for group in self.resource_groups:
            if group.get("default"):
                return group
        return self.resource_group("Default", default=True, created_at="2019-04-02")

    def instance(
        self,
        name,
        service="cloud-object-storage",
        region="us-south",
        resource_group=None,
        state="active",
        **fields,
    ):
        """A service instance (`GET /v2/resource_instances`).

        One that waits for its deletion (`pending_reclamation`) has a reclamation as well.
        """
        seed = self._seed("instance", service, name)
        guid = given(fields, "guid", uuid_of(*seed))
        group_id = identifier(resource_group or self.default_resource_group())
        instance_crn = make_crn(service, self.account_id, region=region, instance=guid)
        plan, path = uuid_of("plan", service), f"/v2/resource_instances/{guid}"
        created = creation_day(fields)
        defaults = {
            "id": instance_crn,
            "guid": guid,
            "url": path,
            "created_at": created,
            "updated_at": created,
            "deleted_at": END_DAY if state == "removed" else None,
            "scheduled_reclaim_at": END_DAY if state == "pending_reclamation" else None,
            "restored_at": None,
            "created_by": self.owner["iam_id"],
            "updated_by": "",
            "deleted_by": "",
            "scheduled_reclaim_by": "",
            "restored_by": "",
            "name": name,
            "region_id": region,
            "account_id": self.account_id,
            "resource_plan_id": plan,
            "resource_group_id": group_id,
            "resource_group_crn": self._resource_group_crn(group_id),
            "crn": instance_crn,
            "target_crn": make_crn(
                "globalcatalog", region=region, kind="deployment", resource=plan
            ),
            "state": state,
            "type": "service_instance",
            "resource_id": uuid_of("service", service),
            "allow_cleanup": False,
            "last_operation": {
                "type": "create",
                "state": "in progress" if state == "provisioning" else "succeeded",
                "async": False,
                "description": "Completed create instance operation",
                "cancelable": False,
                "poll": False,
            },
            "plan_history": [
                api_object(
                    {"resource_plan_id": plan, "start_date": created}, {}, NANOSECONDS, *seed
                )
            ],
            "resource_keys_url": f"{path}/resource_keys",
            "migrated": False,
            "locked": False,
            "extensions": {},
        }
        instance = api_object(defaults, fields, NANOSECONDS, *seed)
        self.instances.append(instance)
        if state == "pending_reclamation":
            self._reclamation(instance, guid)
        return instance

    def _reclamation(self, instance, guid):
        """An instance's place in the queue for deletion (`GET /v1/reclamations`)."""
        seed = self._seed("reclamation", guid)
        scheduled = instance.get("scheduled_reclaim_at")
        defaults = {
            "id": uuid_of(*seed),
            "entity_id": guid,
            "entity_type_id": uuid_of("entity type", "service instance"),
            "entity_crn": instance.get("crn"),
            "resource_instance_id": guid,
            "resource_group_id": instance.get("resource_group_id"),
            "account_id": self.account_id,
            "policy_id": uuid_of("reclamation policy"),
            "state": "SCHEDULED",
            "target_time": scheduled,
            "custom_properties": {},
            "created_at": scheduled,
            "created_by": instance.get("scheduled_reclaim_by", ""),
            "updated_at": scheduled,
            "updated_by": "",
        }
        reclamation = api_object(defaults, {}, NANOSECONDS, *seed)
        self.reclamations.append(reclamation)
        return reclamation

    def _resource_group_crn(self, group_id):
        return make_crn(
            "resource-controller", self.account_id, kind="resource-group", resource=group_id
        )
