"""How each service says no.

A handler raises `ApiError` with the kind of the refusal; the service's family gives it that
family's code and wraps it in that family's body. Where IBM documents no code for a kind, the
one here is a guess in the service's own style.
"""

# kind: (status, what to say when the raiser says nothing)
_KINDS = {
    "missing_parameter": (400, "A required parameter is missing."),
    "bad_parameter": (400, "A parameter is not valid."),
    "invalid_token": (401, "The access token is missing, malformed or expired."),
    "forbidden": (403, "You are not authorized to use this API."),
    "not_found": (404, "The requested resource does not exist."),
    "method_not_allowed": (405, "This method is not allowed here."),
    "too_many_requests": (429, "Too many requests. Try again later."),
    "server_error": (500, "The request could not be processed. Try again later."),
}


class ApiError(Exception):
    """A refusal: its kind (a key of the table above), a message, and a code if it has its own."""

    def __init__(self, kind, message=None, code=None):
        self.kind = kind
        self.code = code
        self.status, standard = _KINDS[kind]
        self.message = message or standard
        super().__init__(self.message)

    @classmethod
    def of_status(cls, status):
        """The refusal that has this status, or the nearest one with the status changed."""
        nearest = "bad_parameter" if status < 500 else "server_error"
        error = cls(next((kind for kind, (own, _) in _KINDS.items() if own == status), nearest))
        error.status = status
        return error


def token_error(error, request):
    """Body of the token service, which no other service shares."""
    codes = {"method_not_allowed": "BXNIM0060E", "forbidden": "BXNIM0513E"}
    return {
        "errorCode": error.code or codes.get(error.kind, "BXNIM0109E"),
        "errorMessage": error.message,
        "context": {
            "requestId": request.transaction_id,
            "requestType": "incoming.Identity_Token",
            "url": request.base,
            "instanceId": "iamid-sandbox",
            "host": "sandbox",
            "locale": "en_US",
            "clusterName": "sandbox",
        },
    }


def identity_error(error, request):
    """Body of IAM Identity; a refusal names the action that the caller may not take."""
    code, message_code = {
        "missing_parameter": ("missing_parameter", "BXNIM0109E"),
        "bad_parameter": ("invalid_parameter", "BXNIM0109E"),
        "invalid_token": ("unauthorized", "BXNIM0407E"),
        "forbidden": ("forbidden", "BXNIM0513E"),
        "not_found": ("not_found", "BXNIM0100E"),
        "method_not_allowed": ("method_not_allowed", "BXNIM0060E"),
        "too_many_requests": ("too_many_requests", "BXNIM0429E"),
        "server_error": ("internal_server_error", "BXNIM0500E"),
    }[error.kind]
    entry = {"code": code, "message_code": message_code, "message": error.message}
    if error.kind == "forbidden" and request.account:
        entry["details"] = (
            f"Reason: Access check for action '{request.action}' for subject '{request.caller}' "
            f"for resource 'a/{request.account.account_id}' was denied due to lack of access "
            "policy."
        )
    return {
        "context": response_context(request),
        "status_code": str(error.status),
        "errors": [entry],
        "trace": request.transaction_id,
    }


def groups_error(error, request):
    """Body of the access groups and of context-based restrictions."""
    codes = {"invalid_token": "invalid_access_token", "forbidden": "unauthorized"}
    return _traced(error, request, codes.get(error.kind) or _QUERY_CODES[error.kind])


def policies_error(error, request):
    """Body of policies and roles; the spelling of the second code is IBM's."""
    codes = {"invalid_token": "invalid_token", "forbidden": "insufficent_permissions"}
    more = {"more_info": "https://cloud.ibm.com/apidocs/iam-policy-management"}
    code = error.code or codes.get(error.kind) or _QUERY_CODES[error.kind]
    return _traced(error, request, code, more)


# What access groups and policies call the kinds that they name alike.
_QUERY_CODES = {
    "missing_parameter": "missing_required_query_parameter",
    "bad_parameter": "invalid_query_parameter",
    "not_found": "not_found",
    "method_not_allowed": "method_not_allowed",
    "too_many_requests": "too_many_requests",
    "server_error": "internal_server_error",
}


def _traced(error, request, code, more=()):
    entry = {"code": code, "message": error.message, **dict(more)}
    return {"trace": request.transaction_id, "errors": [entry], "status_code": error.status}


def users_error(error, request):
    """Body of User Management, whose codes are numbers.

    Accounts and enterprises are assumed to answer alike.
    """
    entry = {"code": 9999, "message": error.message, "more_info": ""}
    return {"trace": request.transaction_id, "errors": [entry]}


def resources_error(error, request):
    """Body of the Resource Controller. The Resource Manager is assumed to answer alike."""
    codes = {
        "missing_parameter": "RC-BadRequest",
        "bad_parameter": "RC-BadRequest",
        "not_found": "RC-NotFound",
        "method_not_allowed": "RC-MethodNotAllowed",
        "too_many_requests": "RC-TooManyRequests",
        "server_error": "RC-InternalServerError",
    }
    return {
        "error_code": codes.get(error.kind, "RC-IamErrorResponse"),
        "message": error.message,
        "status_code": error.status,
        "transaction_id": request.transaction_id,
    }


def search_error(error, request):
    """Body of search and of tags, which IBM does not document."""
    code = error.kind.upper() if error.code is None else error.code
    return {"code": code, "message": error.message, "trace": request.transaction_id}


def gateway_page(error, request):
    """What IAM's gateway sends for a path that no service behind it knows. It is not JSON."""
    return (
        "<html>\r\n<head><title>404 Not Found</title></head>\r\n"
        "<body>\r\n<center><h1>404 Not Found</h1></center>\r\n</body>\r\n</html>\r\n"
    )


def response_context(request):
    """The `context` that IAM Identity puts into answers and errors."""
    return {
        "transaction_id": request.transaction_id,
        "operation": request.operation,
        "url": request.base,
        "instance_id": "iamid-sandbox",
        "host": "sandbox",
        "cluster_name": "sandbox",
    }
