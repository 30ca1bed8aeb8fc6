"""Conditions of policies as the sample account writes them (`rule` and `pattern`)."""

PATH_PATTERN = "attribute-based-condition:resource:literal-and-wildcard"
ONCE = "time-based-conditions:once"
WEEKLY = "time-based-conditions:weekly:custom-hours"


def office_hours(days="12345", begin="07:00", end="18:00"):
    """On the given days of the week (1 is Monday), between two times of the day."""
    return _all(
        ("day_of_week", "dayOfWeekAnyOf", [f"{day}+00:00" for day in days]),
        ("current_time", "timeGreaterThanOrEquals", f"{begin}:00+00:00"),
        ("current_time", "timeLessThanOrEquals", f"{end}:00+00:00"),
    )


def once(begin, end):
    """Between two days; afterwards the policy stays in the list and grants nothing."""
    return _all(
        ("current_date_time", "dateTimeGreaterThanOrEquals", f"{begin}T00:00:00+00:00"),
        ("current_date_time", "dateTimeLessThanOrEquals", f"{end}T23:59:59+00:00"),
    )


def below_path(path):
    """Objects whose name begins with `path`, and listings of that prefix."""
    return {
        "operator": "or",
        "conditions": [
            {
                "key": "{{resource.attributes.path}}",
                "operator": "stringMatch",
                "value": f"{path}*",
            },
            {
                "key": "{{resource.attributes.prefix}}",
                "operator": "stringEquals",
                "value": path,
            },
        ],
    }


def _all(*conditions):
    return {
        "operator": "and",
        "conditions": [
            {"key": f"{{{{environment.attributes.{name}}}}}", "operator": operator, "value": value}
            for name, operator, value in conditions
        ],
    }
