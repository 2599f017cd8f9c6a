"""Records what Hugging Face's classes keep of a text while they write it, with all room made.

Run it in the folder `tests` with an environment that has Transformers and PyTorch:
`python -m agreement.record_cache`.
"""

import json
import platform
from pathlib import Path

DATA = Path(__file__).parent / "data" / "cache.json"
LENGTHS = (4, 11)
"""Shorter and longer than the window."""

SMALL = {
    "vocab_size": 20, "hidden_size": 16, "intermediate_size": 12, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 4, "num_hidden_layers": 7, "pad_token_id": 0,
    "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
WINDOW = {"sliding_window": 5}
USED = {**WINDOW, "use_sliding_window": True}
TYPES = {"layer_types": ["full_attention"] * 3 + ["sliding_attention"] * 4}
EXPERTS = {"num_experts": 2, "num_experts_per_tok": 1}
DECODERS = [
    ("llama", "LlamaForCausalLM", {}),
    ("mistral", "MistralForCausalLM", {}),
    ("mistral", "MistralForCausalLM", WINDOW),
    ("mistral", "MistralForCausalLM", {"sliding_window": None}),
    ("mixtral", "MixtralForCausalLM", {**WINDOW, "num_local_experts": 2}),
    ("gemma2", "Gemma2ForCausalLM", WINDOW),
    ("gemma2", "Gemma2ForCausalLM", {**WINDOW, **TYPES}),
    ("gemma3_text", "Gemma3ForCausalLM", WINDOW),
    ("gemma3_text", "Gemma3ForCausalLM", {**WINDOW, "sliding_window_pattern": 2}),
    ("qwen2", "Qwen2ForCausalLM", WINDOW),
    ("qwen2", "Qwen2ForCausalLM", {**USED, "max_window_layers": 3}),
    ("qwen3", "Qwen3ForCausalLM", {**USED, "max_window_layers": 3}),
    ("qwen3", "Qwen3ForCausalLM", {**USED, **TYPES, "max_window_layers": 0}),
    ("qwen2_moe", "Qwen2MoeForCausalLM", {**USED, **EXPERTS}),
    ("qwen3_moe", "Qwen3MoeForCausalLM", {**USED, **EXPERTS}),
    ("phi3", "Phi3ForCausalLM", WINDOW),
    ("starcoder2", "Starcoder2ForCausalLM", WINDOW),
]
BOTH = [
    ("t5", "T5ForConditionalGeneration",
     {"vocab_size": 20, "d_model": 16, "d_kv": 3, "d_ff": 12, "num_layers": 2,
      "num_decoder_layers": 3, "num_heads": 4}),
    ("bart", "BartForConditionalGeneration",
     {"vocab_size": 20, "d_model": 16, "encoder_layers": 2, "decoder_layers": 3,
      "encoder_attention_heads": 4, "decoder_attention_heads": 2, "encoder_ffn_dim": 12,
      "decoder_ffn_dim": 12, "max_position_embeddings": 20}),
]  # fmt: skip
"""Networks that read one text, of 7 places, and write another."""
READ = 7


def list_cases():
    """Each configuration, and whether it reads one text and writes another."""
    for both, cases in ((False, DECODERS), (True, BOTH)):
        for family, kind, given in cases:
            own = given if both else {**SMALL, **given}
            yield both, {"model_type": family, "architectures": [kind], **own}


def measure(config, *, both, length):
    """The bytes of what is kept in 32 bits for a text of that length."""
    import torch
    import transformers

    given = {k: v for k, v in config.items() if k not in {"model_type", "architectures"}}
    made = transformers.AutoConfig.for_model(config["model_type"], **given)
    model = getattr(transformers, config["architectures"][0])(made).eval()
    tokens = torch.randint(3, 20, (1, length))
    with torch.no_grad():
        if both:
            out = model(input_ids=tokens.new_full((1, READ), 3), decoder_input_ids=tokens)
            kept = out.past_key_values
            layers = [*kept.self_attention_cache.layers, *kept.cross_attention_cache.layers]
        else:
            kept = transformers.StaticCache(config=made, max_cache_len=length)
            model(tokens, past_key_values=kept, use_cache=True)
            layers = kept.layers
    return sum(part.numel() * part.element_size() for x in layers for part in (x.keys, x.values))


def main():
    """Write the data file."""
    import torch
    import transformers

    rows = [
        {"config": config, "both": both, "length": n, "bytes": measure(config, both=both, length=n)}
        for both, config in list_cases()
        for n in LENGTHS
    ]
    versions = {
        "transformers": transformers.__version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    listed = ",\n  ".join(json.dumps(row) for row in rows)
    made = json.dumps(versions)
    DATA.write_text(f'{{\n "versions": {made},\n "kept": [\n  {listed}\n ]\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
