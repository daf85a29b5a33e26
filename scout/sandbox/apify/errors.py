"""The platform's error table: type -> status and message. Anything here can be injected by name."""

from scout.sandbox.wire import Response, json_response

#: type: (HTTP status, message). The wording follows what the platform says, with figures filled in.
ERRORS: dict[str, tuple[int, str]] = {
    "invalid-input": (400, "Input is not valid: Field input.maxItems must be integer"),
    "invalid-request": (400, "The request is not valid."),
    "invalid-value": (400, "Value is not valid."),
    "invalid-parameter": (400, "Parameter is not valid."),
    "input-json-not-object": (400, "Input JSON must be an object."),
    "run-input-body-not-valid-json": (400, "The input is not a valid JSON."),
    "unknown-build-tag": (400, 'Build with tag "nightly" was not found. Has the Actor been built already?'),
    "run-failed": (400, "Actor run did not succeed (run status: FAILED)."),
    "token-not-provided": (401, "Authentication token was not provided"),
    "user-or-token-not-found": (401, "User was not found or authentication token is not valid"),
    "invalid-token": (401, "Authentication token is not valid."),
    "not-enough-usage-to-run-paid-actor": (
        402,
        "By launching this job you will exceed your remaining usage of $0.12. Please upgrade your plan.",
    ),
    "actor-memory-limit-exceeded": (
        402,
        (
            "By launching this job you will exceed the memory limit of 8192MB for all your Actor runs and builds "
            "(currently used: 8192MB, requested: 1024MB). Please consider an upgrade to a paid plan."
        ),
    ),
    "concurrent-runs-limit-exceeded": (
        402,
        "By launching this job you will exceed your limit of 25 concurrent Actor runs.",
    ),
    "x402-payment-required": (402, "Payment is required to run this Actor."),
    "insufficient-permissions": (403, "Insufficient permissions. Make sure you're passing a correct API token."),
    "actor-is-not-rented": (403, "You must rent a paid Actor in order to run it."),
    "full-permission-actor-not-approved": (
        403,
        "You need to approve full permissions of this Actor before running it.",
    ),
    "platform-feature-disabled": (403, "Monthly usage hard limit exceeded"),
    "record-not-found": (404, "Record was not found"),
    "record-or-token-not-found": (404, "Actor was not found or access denied"),
    "page-not-found": (404, "We have bad news: there is no API endpoint at this URL. Did you specify it correctly?"),
    "method-not-allowed": (405, "This API end-point can only be accessed using the following HTTP methods: GET"),
    "run-timeout-exceeded": (408, "Actor run exceeded the timeout of 300 seconds for this API endpoint"),
    "request-too-large": (413, "The POST payload is too large (limit: 9437184 bytes, actual length: 9437185 bytes)."),
    "unsupported-content-encoding": (415, "Content-Encoding of the request is not supported."),
    "rate-limit-exceeded": (429, "You have exceeded the rate limit of 60 requests per second"),
    "internal-server-error": (500, "Internal server error"),
}

#: What an injected fault that names only a status is given as type.
TYPE_OF_STATUS = {
    400: "invalid-request",
    401: "user-or-token-not-found",
    402: "concurrent-runs-limit-exceeded",
    403: "insufficient-permissions",
    404: "record-or-token-not-found",
    405: "method-not-allowed",
    408: "run-timeout-exceeded",
    413: "request-too-large",
    415: "unsupported-content-encoding",
    429: "rate-limit-exceeded",
}


class ApiError(Exception):
    """Ends a call with the error envelope. Status and message default to the table's row for the type."""

    def __init__(self, type: str, message: str = "", status: int = 0) -> None:
        default_status, default_message = ERRORS.get(type, (500, "Internal server error"))
        self.type = type
        self.message = message or default_message
        self.status = status or default_status
        super().__init__(self.message)

    def response(self) -> Response:
        return json_response({"error": {"type": self.type, "message": self.message}}, self.status)


def not_found(what: str) -> ApiError:
    return ApiError("record-or-token-not-found", f"{what} was not found or access denied")
