import pytest

from chatops.engine.errors import InvalidRequestError
from chatops.engine.models import DEFAULTS, LOCAL_MODEL, Catalog, ModelSpec


def catalog(**changes: object) -> Catalog:
    arguments: dict[str, object] = {"providers": ["openai", "local", "ollama"], "default": LOCAL_MODEL, **changes}
    return Catalog(**arguments)  # type: ignore[arg-type]  # a keyword shorthand of the tests


def test_no_name_means_the_default() -> None:
    assert catalog().resolve(None).id == LOCAL_MODEL


def test_a_model_id_is_split_at_its_first_colon() -> None:
    spec = catalog().resolve("ollama:llama3:8b")

    assert (spec.provider, spec.name) == ("ollama", "llama3:8b")


def test_a_model_that_no_table_knows_goes_to_its_provider_as_it_is() -> None:
    assert ModelSpec(id="openai:brand-new") == catalog().resolve("openai:brand-new")


def test_a_known_name_needs_no_provider_and_a_provider_no_name() -> None:
    assert catalog().resolve("gpt-5").id == "openai:gpt-5"
    assert DEFAULTS["openai"] == catalog().resolve("openai").id


def test_an_alias_stands_for_a_model() -> None:
    assert catalog(aliases={"fast": "ollama:qwen"}).resolve("fast").id == "ollama:qwen"


def test_what_the_settings_say_replaces_what_is_known() -> None:
    spec = ModelSpec(id="openai:gpt-5", context=1, fallbacks=("local",))

    assert spec == catalog(specs=[spec]).resolve("gpt-5")


@pytest.mark.parametrize("name", ["gtp-5", "anthropic:claude-sonnet-5", "openai:", "nobody"])
def test_an_unknown_name_is_refused_with_the_providers_there_are(name: str) -> None:
    with pytest.raises(InvalidRequestError, match="openai, local, ollama"):
        catalog().resolve(name)


def test_a_typing_error_gets_a_suggestion() -> None:
    with pytest.raises(InvalidRequestError, match=r"did you mean .*gpt-5"):
        catalog().resolve("openay:gpt-5")
