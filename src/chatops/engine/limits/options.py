"""What of a request's body nobody has to count."""

SAFE_OPTIONS = frozenset(
    [
        "chat_template_kwargs",
        "frequency_penalty",
        "logit_bias",
        "metadata",
        "min_p",
        "presence_penalty",
        "reasoning",
        "reasoning_effort",
        "repetition_penalty",
        "response_format",
        "safety_identifier",
        "seed",
        "thinking",
        "top_k",
        "user",
        "verbosity",
    ]
)
"""Options of the body that cannot make a call cost more than prompt and longest answer."""
