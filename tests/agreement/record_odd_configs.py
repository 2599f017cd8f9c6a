"""Records what Hugging Face's classes hold where one setting is not as published files have it.

Each family is made small, and then every setting that changes what its class holds is changed
alone. Run it in the folder `tests` with an environment that has Transformers and PyTorch:
`python -m agreement.record_odd_configs`.
"""

import json
import platform
from pathlib import Path

DATA = Path(__file__).parent / "data" / "odd_configs.json"

WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads",
         "decoder_attention_heads")  # fmt: skip
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers",
          "decoder_layers")  # fmt: skip
INSIDE = ("n_inner", "ffn_dim", "encoder_ffn_dim", "decoder_ffn_dim", "d_ff", "hidden_dim",
          "moe_intermediate_size", "shared_expert_intermediate_size")  # fmt: skip
PLACES = ("max_position_embeddings", "n_positions", "max_sequence_length")
SIZES = (
    *((name, 16) for name in WIDTHS), *((name, 2) for name in HEADS),
    *((name, 3) for name in LAYERS), *((name, 12) for name in INSIDE),
    *((name, 30) for name in PLACES), ("vocab_size", 43), ("num_key_value_heads", 1),
    ("num_local_experts", 4), ("num_experts", 4), ("n_routed_experts", 4),
    ("num_experts_per_tok", 2), ("q_lora_rank", 6), ("kv_lora_rank", 5), ("embedding_size", 6),
    ("image_size", 8), ("patch_size", 4), ("pad_token_id", 0),
)  # fmt: skip
NAMES = ("architectures", "dtype", "id2label", "label2id", "model_type", "transformers_version")


def make_small(family, kind, known):
    """A configuration of a few thousand parameters, with the keys that the family knows."""
    config = {"model_type": family, "architectures": [kind]}
    config |= {name: size for name, size in SIZES if name in known}
    if "intermediate_size" in known:
        config["intermediate_size"] = 32 if family == "mamba" else 12
    return config


def list_changes(known, config):
    """Each setting with a value that it does not have."""
    for name, given in known.items():
        value = config.get(name, given)
        if name in NAMES:
            continue
        if isinstance(value, bool):
            yield name, not value
        elif isinstance(value, int):
            yield name, value + 1
            yield name, 2 * value
        elif isinstance(value, list) and all(isinstance(part, int) for part in value):
            yield name, [1]
        elif value is None:
            yield name, True
            yield name, 3


def count(config):
    """The parameters of the class, or None where it refuses the configuration."""
    from agreement.record_language_models import build

    try:
        return sum(p.numel() for p in build(config).parameters())
    except Exception:  # whatever a class finds wrong, it has no count
        return None


def list_rows():
    """Every class with its count, and the counts of each change that changes it."""
    import transformers

    from gradiometer.catalog import list_entries
    from gradiometer.model.config_family import find_config_family

    for family in list_entries("family"):
        known = transformers.AutoConfig.for_model(family).to_dict()
        for kind in find_config_family(family).architectures:
            if not hasattr(transformers, kind):
                continue
            plain = make_small(family, kind, known)
            first = count(plain)
            counts = [
                (name, value, count({**plain, name: value}))
                for name, value in list_changes(known, plain)
            ]
            changed = [row for row in counts if row[2] not in (None, first)]
            yield {"config": plain, "parameters": first, "changed": changed}


def main():
    """Write the data file."""
    import torch
    import transformers

    versions = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    listed = ",\n  ".join(json.dumps(row) for row in list_rows())
    made = json.dumps(versions)
    DATA.write_text(
        f'{{\n "versions": {made},\n "models": [\n  {listed}\n ]\n}}\n', encoding="utf-8"
    )


if __name__ == "__main__":
    main()
