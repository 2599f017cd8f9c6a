"""Published configurations of language models, written out by hand as their config.json says.

`HELD_OUT` are those that no family was written by.
"""


def bert(width, layers, heads, vocabulary, kind="BertModel", **more):
    """A configuration of BERT and its relatives."""
    return {
        "model_type": "bert",
        "architectures": [kind],
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "max_position_embeddings": 512,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        **more,
    }


def gpt2(width, layers, heads, kind="GPT2LMHeadModel", **more):
    """A configuration of GPT-2."""
    return {
        "model_type": "gpt2",
        "architectures": [kind],
        "vocab_size": 50257,
        "n_positions": 1024,
        "n_ctx": 1024,
        "n_embd": width,
        "n_layer": layers,
        "n_head": heads,
        "activation_function": "gelu_new",
        **more,
    }


def decoder(family, kind, sizes, **more):
    """A configuration with the keys of Llama, its sizes in the order of `names`."""
    names = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers",
             "num_attention_heads", "num_key_value_heads")  # fmt: skip
    return {
        "model_type": family,
        "architectures": [kind],
        **dict(zip(names, sizes, strict=False)),
        **more,
    }


def llama(*sizes, **more):
    """A configuration of Llama."""
    return decoder("llama", "LlamaForCausalLM", sizes, hidden_act="silu", **more)


def t5(width, inside, layers, heads, kind="T5ForConditionalGeneration", **more):
    """A configuration of T5."""
    return {
        "model_type": "t5",
        "architectures": [kind],
        "vocab_size": 32128,
        "d_model": width,
        "d_ff": inside,
        "d_kv": 64,
        "num_layers": layers,
        "num_heads": heads,
        "relative_attention_num_buckets": 32,
        "is_encoder_decoder": True,
        **more,
    }


def opt(width, inside, layers, heads, **more):
    """A configuration of OPT."""
    return {
        "model_type": "opt",
        "architectures": ["OPTForCausalLM"],
        "vocab_size": 50272,
        "hidden_size": width,
        "ffn_dim": inside,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "max_position_embeddings": 2048,
        "word_embed_proj_dim": width,
        "do_layer_norm_before": True,
        **more,
    }


def bart(width, inside, layers, heads, kind="BartForConditionalGeneration"):
    """A configuration of BART."""
    return {
        "model_type": "bart",
        "architectures": [kind],
        "vocab_size": 50265,
        "d_model": width,
        "encoder_layers": layers,
        "decoder_layers": layers,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": inside,
        "decoder_ffn_dim": inside,
        "max_position_embeddings": 1024,
        "activation_function": "gelu",
    }


def pythia(width, layers, heads, vocabulary=50304, **more):
    """A configuration of Pythia or GPT-NeoX."""
    sizes = (vocabulary, width, 4 * width, layers, heads)
    return decoder("gpt_neox", "GPTNeoXForCausalLM", sizes, use_parallel_residual=True, **more)


def deepseek(family, kind, sizes, **more):
    """A configuration of DeepSeek: sizes as in Llama."""
    shape = {"kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
             "v_head_dim": 128}  # fmt: skip
    return decoder(family, kind, sizes, hidden_act="silu", **shape, **more)


GEMMA = {"head_dim": 256, "hidden_act": "gelu_pytorch_tanh"}
GEMMA2 = {"head_dim": 256, "hidden_activation": "gelu_pytorch_tanh"}
PHI = {"hidden_act": "gelu_new"}
FALCON = {"model_type": "falcon", "architectures": ["FalconForCausalLM"], "vocab_size": 65024}

CASES = {
    "bert-base-uncased": bert(768, 12, 12, 30522),
    "bert-base-cased": bert(768, 12, 12, 28996),
    "bert-large-uncased": bert(1024, 24, 16, 30522),
    "bert-base-uncased masked": bert(768, 12, 12, 30522, "BertForMaskedLM"),
    "bert-base-uncased pretraining": bert(768, 12, 12, 30522, "BertForPreTraining"),
    "bert-base-uncased sequence": bert(768, 12, 12, 30522, "BertForSequenceClassification"),
    "distilbert-base-uncased": {
        "model_type": "distilbert", "architectures": ["DistilBertModel"], "vocab_size": 30522,
        "dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12,
        "max_position_embeddings": 512, "activation": "gelu",
    },
    "roberta-base": bert(
        768, 12, 12, 50265, "RobertaModel", model_type="roberta", max_position_embeddings=514,
        type_vocab_size=1,
    ),
    "roberta-base masked": bert(
        768, 12, 12, 50265, "RobertaForMaskedLM", model_type="roberta", max_position_embeddings=514,
        type_vocab_size=1,
    ),
    "albert-base-v2": bert(
        768, 12, 12, 30000, "AlbertModel",
        model_type="albert", embedding_size=128, num_hidden_groups=1,
        inner_group_num=1, hidden_act="gelu_new",
    ),
    "albert-base-v2 masked": bert(
        768, 12, 12, 30000, "AlbertForMaskedLM",
        model_type="albert", embedding_size=128, num_hidden_groups=1,
        inner_group_num=1, hidden_act="gelu_new",
    ),
    "electra-small-discriminator": bert(
        256, 12, 4, 30522, "ElectraForPreTraining", model_type="electra", embedding_size=128
    ),
    "electra-small-generator": bert(
        256, 12, 4, 30522, "ElectraForMaskedLM", model_type="electra", embedding_size=128
    ),
    "gpt2": gpt2(768, 12, 12),
    "gpt2-medium": gpt2(1024, 24, 16),
    "gpt2-large": gpt2(1280, 36, 20),
    "gpt2-xl": gpt2(1600, 48, 25),
    "gpt2 sequence": gpt2(768, 12, 12, "GPT2ForSequenceClassification"),
    "llama-2-7b": llama(32000, 4096, 11008, 32, 32),
    "llama-2-13b": llama(32000, 5120, 13824, 40, 40, 40),
    "llama-2-70b": llama(32000, 8192, 28672, 80, 64, 8),
    "llama-3-8b": llama(128256, 4096, 14336, 32, 32, 8),
    "llama-3.2-1b": llama(
        128256, 2048, 8192, 16, 32, 8, head_dim=64, tie_word_embeddings=True
    ),
    "mistral-7b-v0.1": decoder(
        "mistral", "MistralForCausalLM", (32000, 4096, 14336, 32, 32, 8), sliding_window=4096
    ),
    "mixtral-8x7b": decoder(
        "mixtral", "MixtralForCausalLM", (32000, 4096, 14336, 32, 32, 8), num_local_experts=8,
        num_experts_per_tok=2,
    ),
    "qwen2-7b": decoder("qwen2", "Qwen2ForCausalLM", (152064, 3584, 18944, 28, 28, 4)),
    "qwen2-0.5b": decoder(
        "qwen2", "Qwen2ForCausalLM", (151936, 896, 4864, 24, 14, 2), tie_word_embeddings=True
    ),
    "qwen3-0.6b": decoder(
        "qwen3", "Qwen3ForCausalLM", (151936, 1024, 3072, 28, 16, 8), head_dim=128,
        tie_word_embeddings=True,
    ),
    "qwen3-30b-a3b": decoder(
        "qwen3_moe", "Qwen3MoeForCausalLM", (151936, 2048, 6144, 48, 32, 4), head_dim=128,
        moe_intermediate_size=768, num_experts=128, num_experts_per_tok=8, decoder_sparse_step=1,
        mlp_only_layers=[],
    ),
    "qwen1.5-moe-a2.7b": decoder(
        "qwen2_moe", "Qwen2MoeForCausalLM", (151936, 2048, 5632, 24, 16, 16),
        moe_intermediate_size=1408, shared_expert_intermediate_size=5632, num_experts=60,
        num_experts_per_tok=4,
    ),
    "gemma-2b": decoder("gemma", "GemmaForCausalLM", (256000, 2048, 16384, 18, 8, 1), **GEMMA),
    "gemma-2-2b": decoder("gemma2", "Gemma2ForCausalLM", (256000, 2304, 9216, 26, 8, 4), **GEMMA2),
    "gemma-3-1b": decoder(
        "gemma3_text", "Gemma3ForCausalLM", (262144, 1152, 6912, 26, 4, 1), **GEMMA2
    ),
    "phi-2": decoder("phi", "PhiForCausalLM", (51200, 2560, 10240, 32, 32, 32), **PHI),
    "phi-3-mini": decoder("phi3", "Phi3ForCausalLM", (32064, 3072, 8192, 32, 32, 32)),
    "t5-small": t5(512, 2048, 6, 8, feed_forward_proj="relu"),
    "t5-base encoder": t5(768, 3072, 12, 12, kind="T5EncoderModel"),
    "flan-t5-base": t5(
        768, 2048, 12, 12, feed_forward_proj="gated-gelu", tie_word_embeddings=False
    ),
    "bart-base": bart(768, 3072, 6, 12),
    "opt-125m": opt(768, 3072, 12, 12),
    "opt-350m": opt(1024, 4096, 24, 16, word_embed_proj_dim=512, do_layer_norm_before=False),
    "pythia-160m": pythia(768, 12, 12),
    "gpt-neox-20b": pythia(6144, 44, 64, 50432),
    "gpt-j-6b": {
        "model_type": "gptj", "architectures": ["GPTJForCausalLM"], "vocab_size": 50400,
        "n_embd": 4096, "n_layer": 28, "n_head": 16, "n_positions": 2048, "rotary_dim": 64,
    },
    "bloom-560m": {
        "model_type": "bloom", "architectures": ["BloomForCausalLM"], "vocab_size": 250880,
        "hidden_size": 1024, "n_layer": 24, "n_head": 16,
    },
    "falcon-7b": {
        **FALCON, "hidden_size": 4544, "num_hidden_layers": 32, "num_attention_heads": 71,
        "multi_query": True, "parallel_attn": True, "bias": False, "alibi": False,
        "new_decoder_architecture": False,
    },
    "falcon-rw-1b": {
        **FALCON, "vocab_size": 50304, "hidden_size": 2048, "num_hidden_layers": 24,
        "num_attention_heads": 32, "multi_query": False, "parallel_attn": False, "bias": True,
        "alibi": True, "new_decoder_architecture": False,
    },
    "mpt-7b": {
        "model_type": "mpt", "architectures": ["MptForCausalLM"], "vocab_size": 50432,
        "d_model": 4096, "n_heads": 32, "n_layers": 32, "expansion_ratio": 4, "no_bias": True,
        "attn_config": {"alibi": True, "attn_type": "multihead_attention"},
    },
    "starcoder2-3b": decoder(
        "starcoder2", "Starcoder2ForCausalLM", (49152, 3072, 12288, 30, 24, 2), use_bias=True
    ),
    "olmo-1b": decoder(
        "olmo", "OlmoForCausalLM", (50304, 2048, 8192, 16, 16, 16), tie_word_embeddings=True
    ),
    "stablelm-3b-4e1t": decoder(
        "stablelm", "StableLmForCausalLM", (50304, 2560, 6912, 32, 32, 32), use_qkv_bias=False
    ),
    "deepseek-v2-lite": deepseek(
        "deepseek_v2", "DeepseekV2ForCausalLM", (102400, 2048, 10944, 27, 16, 16), q_lora_rank=None,
        moe_intermediate_size=1408, n_routed_experts=64, n_shared_experts=2, num_experts_per_tok=6,
        first_k_dense_replace=1,
    ),
    "deepseek-v3": deepseek(
        "deepseek_v3", "DeepseekV3ForCausalLM", (129280, 7168, 18432, 61, 128, 128),
        q_lora_rank=1536, moe_intermediate_size=2048, n_routed_experts=256, n_shared_experts=1,
        num_experts_per_tok=8, first_k_dense_replace=3, num_nextn_predict_layers=1,
    ),
    "vit-base-patch16-224": {
        "model_type": "vit", "architectures": ["ViTForImageClassification"], "hidden_size": 768,
        "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072,
        "image_size": 224, "patch_size": 16, "num_channels": 3,
        "id2label": {str(k): f"class {k}" for k in range(1000)},
    },
    "mamba-130m": {
        "model_type": "mamba", "architectures": ["MambaForCausalLM"], "vocab_size": 50280,
        "hidden_size": 768, "num_hidden_layers": 24, "state_size": 16, "expand": 2,
        "conv_kernel": 4, "time_step_rank": 48, "use_bias": False, "use_conv_bias": True,
    },
}  # fmt: skip

HELD_OUT = {
    "llama-3.1-405b": llama(128256, 16384, 53248, 126, 128, 8),
    "llama-3.2-3b": llama(128256, 3072, 8192, 28, 24, 8, head_dim=128, tie_word_embeddings=True),
    "tinyllama-1.1b": llama(32000, 2048, 5632, 22, 32, 4),
    "mistral-nemo": decoder(
        "mistral", "MistralForCausalLM", (131072, 5120, 14336, 40, 32, 8), head_dim=128
    ),
    "mixtral-8x22b": decoder(
        "mixtral", "MixtralForCausalLM", (32768, 6144, 16384, 56, 48, 8), num_local_experts=8,
        num_experts_per_tok=2,
    ),
    "qwen2.5-72b": decoder("qwen2", "Qwen2ForCausalLM", (152064, 8192, 29568, 80, 64, 8)),
    "qwen3-32b": decoder(
        "qwen3", "Qwen3ForCausalLM", (151936, 5120, 25600, 64, 64, 8), head_dim=128
    ),
    "qwen3-235b-a22b": decoder(
        "qwen3_moe", "Qwen3MoeForCausalLM", (151936, 4096, 12288, 94, 64, 4), head_dim=128,
        moe_intermediate_size=1536, num_experts=128, num_experts_per_tok=8,
    ),
    "qwen3-moe with dense layers": decoder(
        "qwen3_moe", "Qwen3MoeForCausalLM", (1000, 64, 160, 7, 4, 2), head_dim=24,
        moe_intermediate_size=48, num_experts=6, num_experts_per_tok=2, decoder_sparse_step=2,
        mlp_only_layers=[1, 4],
    ),
    "gemma-7b": decoder("gemma", "GemmaForCausalLM", (256000, 3072, 24576, 28, 16, 16), **GEMMA),
    "gemma-2-27b": decoder(
        "gemma2", "Gemma2ForCausalLM", (256000, 4608, 36864, 46, 32, 16), head_dim=128
    ),
    "gemma-3-270m": decoder(
        "gemma3_text", "Gemma3ForCausalLM", (262144, 640, 2048, 18, 4, 1), head_dim=256
    ),
    "phi-1": decoder("phi", "PhiForCausalLM", (51200, 2048, 8192, 24, 32), **PHI),
    "phi-4": decoder("phi3", "Phi3ForCausalLM", (100352, 5120, 17920, 40, 40, 10)),
    "t5-11b": t5(1024, 65536, 24, 128, d_kv=128),
    "t5 of uneven depth": t5(64, 96, 3, 4, d_kv=24, num_decoder_layers=5),
    "flan-t5-small": t5(
        512, 1024, 8, 6, feed_forward_proj="gated-gelu", tie_word_embeddings=False
    ),
    "bart-large": bart(1024, 4096, 12, 16),
    "bart-large sequence": bart(1024, 4096, 12, 16, "BartForSequenceClassification"),
    "opt-66b": opt(9216, 36864, 64, 72),
    "pythia-12b": pythia(5120, 36, 40, 50688),
    "bloom": {
        "model_type": "bloom", "architectures": ["BloomForCausalLM"], "vocab_size": 250880,
        "hidden_size": 14336, "n_layer": 70, "n_head": 112,
    },
    "falcon-40b": {
        **FALCON, "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
        "num_kv_heads": 8, "new_decoder_architecture": True, "parallel_attn": True, "bias": False,
    },
    "mpt-30b": {
        "model_type": "mpt", "architectures": ["MptForCausalLM"], "vocab_size": 50432,
        "d_model": 7168, "n_heads": 64, "n_layers": 48, "no_bias": True,
        "attn_config": {"alibi": True},
    },
    "starcoder2-15b": decoder(
        "starcoder2", "Starcoder2ForCausalLM", (49152, 6144, 24576, 40, 48, 4), use_bias=True,
        tie_word_embeddings=False,
    ),
    "olmo-7b": decoder("olmo", "OlmoForCausalLM", (50304, 4096, 11008, 32, 32)),
    "stablelm-2-1.6b": decoder(
        "stablelm", "StableLmForCausalLM", (100352, 2048, 5632, 24, 32, 32), use_qkv_bias=True
    ),
    "deepseek-v2": deepseek(
        "deepseek_v2", "DeepseekV2ForCausalLM", (102400, 5120, 12288, 60, 128, 128),
        q_lora_rank=1536, moe_intermediate_size=1536, n_routed_experts=160, n_shared_experts=2,
        num_experts_per_tok=6, first_k_dense_replace=1,
    ),
    "roberta-large token": bert(
        1024, 24, 16, 50265, "RobertaForTokenClassification", model_type="roberta",
        max_position_embeddings=514, type_vocab_size=1,
    ),
    "roberta-large sequence": bert(
        1024, 24, 16, 50265, "RobertaForSequenceClassification", model_type="roberta",
        max_position_embeddings=514, type_vocab_size=1, num_labels=5,
    ),
    "xlm-roberta-base": bert(
        768, 12, 12, 250002, "XLMRobertaForMaskedLM",
        model_type="xlm-roberta", max_position_embeddings=514,
        type_vocab_size=1,
    ),
    "bert token": bert(256, 4, 4, 3000, "BertForTokenClassification", num_labels=9),
    "distilbert masked": {
        "model_type": "distilbert", "architectures": ["DistilBertForMaskedLM"],
        "vocab_size": 28996, "dim": 768, "n_layers": 6, "n_heads": 12,
    },
    "distilbert sequence": {
        "model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"],
        "dim": 768, "n_layers": 6, "n_heads": 12,
    },
    "albert-xxlarge-v2": bert(
        4096, 12, 64, 30000, "AlbertForSequenceClassification",
        model_type="albert", embedding_size=128
    ),
    "albert of groups": bert(
        96, 6, 4, 700, "AlbertModel", model_type="albert", embedding_size=16, num_hidden_groups=3,
        inner_group_num=2,
    ),
    "electra-base sequence": bert(
        768, 12, 12, 30522, "ElectraForSequenceClassification",
        model_type="electra", embedding_size=768
    ),
    "vit-large-patch32-384 model": {
        "model_type": "vit", "architectures": ["ViTModel"], "hidden_size": 1024,
        "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096,
        "image_size": 384, "patch_size": 32,
    },
    "mamba-2.8b": {
        "model_type": "mamba", "architectures": ["MambaForCausalLM"], "vocab_size": 50280,
        "hidden_size": 2560, "num_hidden_layers": 64, "time_step_rank": "auto",
    },
    "gpt2 token": gpt2(768, 6, 12, "GPT2ForTokenClassification", n_inner=1000, num_labels=3),
    "llama sequence with biases": decoder(
        "llama", "LlamaForSequenceClassification", (1000, 96, 130, 3, 6, 3), attention_bias=True,
        mlp_bias=True, id2label={"0": "a", "1": "b", "2": "c"},
    ),
}  # fmt: skip
