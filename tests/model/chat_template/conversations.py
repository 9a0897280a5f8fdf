"""The conversations that published chat templates are compared over."""

TOOLS = [
    {"type": "function", "function": {"name": "weather", "description": "Tells the weather of a city <b>&'\"",
        "parameters": {"type": "object", "properties": {
            "city": {"type": "string", "description": "of the world"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
            "days": {"type": "array", "items": {"type": "integer"}, "minItems": 1}}, "required": ["city"]},
        "return": {"type": "string"}}},
    {"type": "function", "function": {"name": "nothing", "description": "", "parameters": {"type": "object", "properties": {}}}},
]


def say(role, content, **more):
    return {"role": role, "content": content, **more}


def called(arguments, as_id="call00001"):
    return {"id": as_id, "type": "function", "function": {"name": "weather", "arguments": arguments}}


CONVERSATIONS = [
    [say("user", "Hi")],
    [say("system", "Be brief."), say("user", "What is 2+2?")],
    [say("system", "  Be brief.\n"), say("user", " a\n\nb "), say("assistant", " c "), say("user", "d\n")],
    [say("user", "Grüße, 世界 🌍 \u2028 \x7f\t\\ \"'"), say("assistant", "<tool>&amp;</tool>"), say("user", "")],
    [say("user", "Hi"), say("assistant", "<think>\nhm\n</think>\n\nHello"), say("user", "again"), say("assistant", "yes")],
    [say("user", "Hi"), say("assistant", "Hello", reasoning_content="hm"), say("user", "and?"),
        say("assistant", "so", reasoning_content="", thinking="t", reasoning="r")],
    [say("user", "Weather?"), say("assistant", "", tool_calls=[called({"city": "Bern", "n": 1.5, "b": True, "x": None})]),
        say("tool", "sunny, 20°", name="weather", tool_call_id="call00001"), say("assistant", "Sunny."), say("user", "Thanks")],
    [say("system", "s"), say("user", "Weather?"), say("assistant", None, tool_calls=[called('{"city": "Bern"}')]),
        say("tool", '{"t": 20}', name="weather", tool_call_id="call00001")],
    [say("user", "Both?"), say("assistant", "Let me see", tool_calls=[called({"city": "Bern"}), called({"city": "Ulm", "days": [1, 2]}, "call00002")]),
        say("tool", "1", name="weather", tool_call_id="call00001"), say("tool", {"a": ["b"]}, name="weather", tool_call_id="call00002"),
        say("assistant", "done")],
    [say("user", [{"type": "text", "text": "What is this?"}, {"type": "image"}, {"type": "text", "text": " And this?"}]),
        say("assistant", [{"type": "text", "text": "A cat"}])],
    [say("system", [{"type": "text", "text": "Look."}]), say("user", [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "video"}, {"type": "audio"}])],
    [say("developer", "dev"), say("user", "u"), say("user", "v"), say("assistant", "w")],
    [say("assistant", "first"), say("user", "second")],
    [say("user", "u"), say("assistant", "w", prefix=True)],
    [say("user", "u"), say("banana", "w")],
    [say("user", "u"), say("assistant", "x" * 300 + " " + "y" * 10, weight=0), say("function", "r", name="f"), say("observation", "o"), say("ipython", "i")],
    [],
]

SETTINGS = [
    {},
    {"add_generation_prompt": True},
    {"add_generation_prompt": True, "tools": TOOLS},
    {"tools": TOOLS, "enable_thinking": True},
    {"add_generation_prompt": True, "enable_thinking": False, "thinking": True},
]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


def cases(template):
    for messages in CONVERSATIONS:
        for setting in SETTINGS:
            case = {"template": template, "messages": messages, "add_generation_prompt": False, "variables": dict(TOKENS)}
            for name, value in setting.items():
                (case if name in ("tools", "add_generation_prompt") else case["variables"])[name] = value
            yield case
