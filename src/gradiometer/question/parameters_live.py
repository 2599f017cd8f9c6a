"""What is said otherwise of a model of another library than of a network that is described."""

from __future__ import annotations

from collections.abc import Mapping

from gradiometer.model import LiveModel, NetworkCount
from gradiometer.question.answer import Fact, computed, proved, unknown


def mend_facts(facts: Mapping[str, Fact], live: LiveModel, count: NetworkCount) -> dict[str, Fact]:
    """The facts of a model: what its rows cannot say is unknown or left out.

    Args:
        facts: The facts as the rows of a description give them.
        live: The model.
        count: Its totals.
    """
    kept = {name: fact for name, fact in facts.items() if name not in ("operations", "kv_cache")}
    tables = "layers that are tables; a parameter of its own is not taken for one"
    kept["embedding"] = proved(count.embedding, f"Parameters of {tables}.")
    kept["active"] = unknown("Which parameters work on one example is decided while a model runs.")
    kept["memory_inference"] = proved(
        facts["memory_inference"].value,
        "Weights and buffers; activations, and what is kept while text is written, are not in it.",
    )
    kept["memory_training"] = computed(
        facts["memory_training"].value,
        f"What {live.framework} keeps for the way back is its own choice, so its row is open.",
    )
    kept["training_bytes"] = unknown("It is not known what is saved for the way back.")
    return kept | _list_work(live, count)


def _list_work(live: LiveModel, count: NetworkCount) -> dict[str, Fact]:
    names = ("macs", "macs_by_line", "flops")
    macs = count.multiply_adds
    if macs is None or not live.is_counted:
        return dict.fromkeys(names, unknown(live.work))
    why = f"Multiply-adds of matrix products and convolutions {live.work}."
    lines = {name: number or 0 for name, number in count.multiply_adds_by_line.items()}
    # They are seen in one run of code that is not ours, so they are no proof.
    return {
        "macs": computed(macs, why),
        "macs_by_line": computed(lines, "They add up."),
        "flops": computed(2 * macs, f"2 * {macs:,}: a product and an addition each."),
    }
