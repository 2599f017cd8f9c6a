"""Records what PyTorch says of random networks, as data for `test_random_networks.py`.

Run it in the folder `tests` with an environment that has PyTorch:
`python -m agreement.record_random_networks`.
"""

import json
import math
import platform
import random
from pathlib import Path

DATA = Path(__file__).parent / "data" / "random_networks.json"
COUNT = 400
BATCH = 2

COPIED = ("rnn(", "lstm(", "gru(", "tokens_of_image", "conv_transpose(")
"""Layers behind which torch copies what is kept, as their output lies otherwise in memory."""


def make(number):
    """A network as text and as a module, with an input for it."""
    import torch
    from torch import nn

    from agreement.memory_parts import chain
    from agreement.random_torch import Generator, spell

    draw = random.Random(number)
    torch.manual_seed(number)
    kind = draw.choice(["image", "image", "sequence", "sequence", "vector", "tokens"])
    space = [draw.randint(4, 10) for _ in range(draw.choice([1, 2, 2, 3]))]
    image, sequence = (draw.randint(1, 6), *space), (draw.randint(3, 7), draw.randint(2, 8))
    shape = {"image": image, "vector": (draw.randint(2, 12),)}.get(kind, sequence)
    own = Generator(draw)
    layers = draw.randint(2, 7)
    if kind != "tokens":
        text, model, _, _ = own.chain(shape, kind, layers)
        return f"{spell(shape)} -> {text}", model, torch.randn(BATCH, *shape)
    text, model, out, last = own.chain(shape, "sequence", layers)
    words = draw.randint(5, 15)
    table = nn.Embedding(words, shape[1])
    parts, text = (
        [table, model],
        f"tokens({shape[0]}) -> table: embedding({words}, {shape[1]}); {text}",
    )
    if last == "sequence" and out[-1] == shape[1]:
        head = nn.Linear(shape[1], words, bias=False)
        head.weight = table.weight
        parts.append(head)
        text += f"; dense({words}, bias=false, tie=table.weight)"
    return text, chain(*parts), torch.randint(0, words, (BATCH, shape[0]))


def measure(text, model, x):
    """The counts of a module."""
    import torch

    from agreement.random_torch import count_products

    learned = [p for p in model.parameters() if p.requires_grad]
    found = {
        "text": text,
        "parameters": sum(p.numel() for p in model.parameters()),
        "trainable": sum(p.numel() for p in learned),
        "buffers": sum(b.numel() for b in model.buffers()),
        "macs": count_products(model.eval(), x) // BATCH,
    }
    held = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    sizes = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in held:
            sizes[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = model.train()(x)
    found["out"] = list(out.shape[1:])
    if not any(word in text for word in COPIED):
        found["saved"] = sum(size for size, _ in sizes.values())
    if learned:
        found["adam"] = measure_state(torch.optim.Adam(learned), learned)
    return found


def measure_state(optimizer, learned):
    """The bytes of what an optimizer remembers after a step."""
    import torch

    for parameter in learned:
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    state = [v for kept in optimizer.state.values() for v in kept.values()]
    return sum(v.numel() * v.element_size() for v in state)


def main():
    """Write the data file."""
    import torch

    # Otherwise what is kept has the layout of that library.
    torch.backends.mkldnn.enabled = False
    rows = []
    for number in range(COUNT):
        try:
            rows.append(measure(*make(number)))
        except ValueError:
            # Norms of one number for each channel cannot be trained.
            continue
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    listed = ",\n  ".join(json.dumps(row) for row in rows)
    made = json.dumps(versions)
    text = f'{{\n "versions": {made},\n "batch": {BATCH},\n "networks": [\n  {listed}\n ]\n}}\n'
    DATA.write_text(text, encoding="utf-8")
    assert all(math.isfinite(row["macs"]) for row in rows)


if __name__ == "__main__":
    main()
