"""Template properties as parameters of an API call.

CloudFormation writes everything in upper camel case and allows strings for numbers and truth values; the APIs have
their own spelling and types, which botocore's service models hold.
"""

from typing import Any


def fit(value: Any, shape: Any, *, ignore_unknown: bool = False) -> Any:
    """The value in the spelling and types of a botocore shape.

    A property that the API doesn't know raises ``ValueError``, unless ``ignore_unknown``: an update may leave out
    what can only be set at the creation.
    """
    if shape.type_name == "structure":
        return fit_structure(value, shape, ignore_unknown)
    if shape.type_name == "list":
        return [fit(item, shape.member, ignore_unknown=ignore_unknown) for item in value]
    if shape.type_name == "map":
        return {key: fit(item, shape.value, ignore_unknown=ignore_unknown) for key, item in value.items()}
    return fit_scalar(value, shape.type_name)


def fit_structure(value: dict[str, Any], shape: Any, ignore_unknown: bool) -> dict[str, Any]:
    """The members of a structure, in any case of their first letter."""
    spelling = {name.lower(): name for name in shape.members}
    fitted = {}
    for key, item in value.items():
        name = spelling.get(key.lower())
        if name is not None:
            fitted[name] = fit(item, shape.members[name], ignore_unknown=ignore_unknown)
        elif not ignore_unknown:
            raise ValueError(f"{shape.name} has no member for the template's property {key}")
    return fitted


def fit_scalar(value: Any, type_name: str) -> Any:
    """A number, truth value or text in the type of the API."""
    if type_name in ("integer", "long"):
        return int(value)
    if type_name in ("float", "double"):
        return float(value)
    if type_name == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    return str(value) if type_name == "string" else value
