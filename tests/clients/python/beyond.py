"""What the vendors' documents of this version lack, each with the reason why it is right all the same.

A schema here is laid over the one of that name in the document: it may add properties, and members to a list.
"""


def properties(**more) -> dict:
    return {"properties": more}


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT = {"type": ["string", "null"]}

# The document has no place for thoughts in Chat Completions: these are the names that DeepSeek, vLLM and OpenRouter have
# given them, and that clients know.
THOUGHTS = {
    "reasoning_content": TEXT,
    "reasoning": TEXT,
    "reasoning_details": {"type": "array", "items": {"type": "object", "required": ["type"]}},
}

OPENAI = {
    # Both are in the SDKs since.
    "CompletionUsage": properties(prompt_tokens_details=properties(cache_write_tokens={"type": "integer"})),
    "ResponseUsage": properties(input_tokens_details=properties(cache_write_tokens={"type": "integer"})),
    # In the document's own example of a response.
    "Response": {"allOf": [{"type": "object"} | properties(store={"type": "boolean"})]},
    "ChatCompletionResponseMessage": properties(**THOUGHTS),
    # A message has annotations; when it is streamed they are sent as well.
    "ChatCompletionStreamResponseDelta": properties(
        **THOUGHTS, annotations=ref("ChatCompletionResponseMessage/properties/annotations"),
    ),
    # A message has calls of custom tools; when it is streamed they are sent as well.
    "ChatCompletionMessageToolCallChunk": properties(
        type={"enum": ["custom"]},
        custom={"type": "object", "properties": {"name": {"type": "string"}, "input": {"type": "string"}}},
    ),
    # Sent with every output, but described only of what is retrieved (CustomToolCallResource).
    "CustomToolCall": properties(status=ref("FunctionCallStatus")),
    # The SDKs look for the error of any event in this property: without it they would call the event well.
    "ResponseErrorEvent": properties(error=ref("Error")),
}


def kind(name: str, **more) -> dict:
    return {"type": "object", "required": ["type", *more]} | properties(type={"const": name}, **more)


ANTHROPIC = {
    # In the SDKs since, and on the page about stop reasons.
    "StopReason": {"enum": ["model_context_window_exceeded"]},
    # Both are on the page about streaming.
    "Ping": kind("ping"),
    "MessageStreamEvent": {"oneOf": [ref("Ping"), ref("ErrorResponse")]},
    # On the page about errors, for 413.
    "RequestTooLargeError": kind("request_too_large", message={"type": "string"}),
    "ErrorResponse": properties(error={"oneOf": [ref("RequestTooLargeError")]}),
}

BEYOND = {"openai": OPENAI, "anthropic": ANTHROPIC}
