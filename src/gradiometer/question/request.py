"""The questions and what each one takes: one table behind Python, command line and studies."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

from gradiometer.errors import GradiometerError, Place, UsageError, suggest
from gradiometer.question.answer import Answer
from gradiometer.question.input_kind import Input, check_kind


@final
@dataclass(frozen=True)
class Question:
    """One question: its noun, what it asks, and what it takes."""

    name: str
    about: str
    inputs: tuple[Input, ...]
    example: str
    """A command line that works."""
    is_long: bool = False
    """Whether it may take long, and tells how far it is."""

    def run(self, **inputs: Any) -> Answer:
        """Ask the question.

        Raises:
            GradiometerError: If the inputs cannot be used.
        """
        return load_question(self.name)(**inputs)


def load_question(name: str) -> Callable[..., Answer]:
    """The function that answers the question with that noun."""
    answer = getattr(importlib.import_module(f"gradiometer.question.{name}"), name)

    @functools.wraps(answer)
    def run(*positional: Any, **named: Any) -> Answer:
        # Python says itself when an argument is missing, unknown or there twice.
        given = inspect.signature(answer).bind(*positional, **named).arguments
        for item in QUESTIONS[name].inputs:
            if item.name in given:
                check_kind(item, given[item.name])
        try:
            return answer(*positional, **named)
        except GradiometerError as error:
            raise _located(error, QUESTIONS[name], given) from None

    return run


def _located(
    error: GradiometerError, question: Question, given: Mapping[str, Any]
) -> GradiometerError:
    """The error with the input that holds its text as its place, where it names none."""
    if error.place is not None or not error.text:
        return error
    texts = [
        (text, item.name)
        for item in question.inputs
        if item.kind in ("text", "texts")
        for text in _texts(given.get(item.name))
        if error.text in text
    ]
    # The shortest text that holds it is the likeliest to be meant.
    return error.located(Place(min(texts, key=lambda row: len(row[0]))[1])) if texts else error


def _texts(value: Any) -> list[str]:
    rows = value if isinstance(value, list | tuple) else [value]
    return [row for row in rows if isinstance(row, str)]


_SET = Input("set", "numbers", "Values of parameters of whatever is named, NAME=VALUE.")
_LANDSCAPE = (
    Input("objective", "text", "A catalogue name, or a formula in x or in what start names.",
          required=True, entry="objective"),
    Input("optimizer", "text", "A catalogue name.", default="sgd", entry="optimizer"),
    Input("schedule", "text", "A catalogue name or a formula in k.", entry="schedule"),
    _SET,
    Input("start", "place", "Where the run starts, such as 1 or x=1,y=2; if not given, where runs "
          "on this objective usually do, or 0."),
    Input("steps", "integer", "How many steps to run.", default=1000),
    Input("at_kink", "choice", "Which slope to take exactly at a joint of two pieces.",
          choices=("left", "right")),
)  # fmt: skip

_ESCAPE_START = replace(
    _LANDSCAPE[4], about=f"{_LANDSCAPE[4].about[:-1]}; `any` for all starts on the slope before "
    "the barrier.",
)  # fmt: skip

_RUN = (
    *_LANDSCAPE,
    Input("engine", "choice", "Which numbers the run is made of; exact ones as long as they last "
          "if not given.", choices=("exact", "ball", "float64", "float32")),
    Input("noise", "text", "Stochastic gradients: gaussian:0.1, minibatch:2 or cyclic:1."),
    Input("seed", "integer", "What decides all draws.", default=0),
)  # fmt: skip

_QUESTIONS = (
    Question(
        "activation",
        "What is this function like as an activation?",
        (Input("formula", "text", "A formula in x, or a catalogue name.", required=True,
               positional=True, entry="activation"), _SET,
         Input("variance", "number", "The variance of the normal input over which means are taken.",
               default="1"),
         Input("weight_variance", "number",
               "For a deep network: the variance of its weights times the width."),
         Input("bias_variance", "number", "For a deep network: the variance of its biases."),
         Input("compare", "texts", "Other functions to set beside it, by name or formula."),
         Input("want", "numbers", "Facts about a normal input that parameters shall give, such as "
               "gain=1.3."),
         Input("solve", "texts", "The parameters to solve for; `--set NAME=LOW:HIGH` says where.")),
        'gradiometer activation "max(x,0)+0.1*min(x,0)"',
    ),
    Question(
        "gradient",
        "How does the gradient reach each input?",
        (Input("computation", "text", "Assignments such as `v=a^2; c=v*b`, or one expression.",
               positional=True, traced=True),
         Input("at", "numbers", "The point, such as a=-1,b=4."),
         Input("of", "text", "The output, or a sum of several such as `2*c + d`; the last "
               "assignment when it is left out."),
         Input("top", "integer", "How many of the largest paths of each input to list."),
         Input("keep", "texts", "Nodes to keep when the others are grouped into bundles."),
         Input("file", "path", "A file of assignments, one a line, or a graph as JSON."),
         Input("highlight", "text", "One path: a rank such as 1 or b:2, or names such as "
               "`a -> v -> c`."),
         Input("focus", "integer", "How many nodes to show of a large graph, 2 to 60."),
         Input("model", "model", "A function `package.module:factory` of yours that returns a "
               "loss function and a model of PyTorch or JAX."),
         Input("watch", "texts", "Modules of the model whose output is split by its uses too; "
               "with `.input` behind, their input. In JAX, names given by `checkpoint_name`.")),
        'gradiometer gradient "v1=a^2; v2=a+b; c=v1*v2" --at a=-1,b=4',
    ),
    Question(
        "parameters",
        "What does this network cost?",
        (Input("networks", "texts", "Layers such as `3x32x32; conv(8, 3); relu`, widths such as "
               "100-100-20-1, or a name such as `gpt2(layers=24)`; several are set side by side.",
               positional=True),
         Input("file", "paths", "A network as TOML, a config.json, or a "
               "file of weights (safetensors, ONNX, GGUF, Keras)."),
         Input("bias", "flag", "Whether the layers have biases.", default=True),
         Input("activation", "text", "An activation that is put between dense layers."), _SET,
         Input("input", "text", "The shape that enters, such as 3x160x160."),
         Input("batch", "integer", "Examples worked on at once, for memory.", default=1),
         Input("length", "integer", "The length of a sequence of tokens."),
         Input("optimizer", "text", "What trains the network, for memory; gradient descent "
               "without a state when it is left out.", entry="optimizer"),
         Input("precision", "text", "A recipe of the catalogue.", default="fp32"),
         Input("as_", "text", "A tool whose numbers are wanted too, with what it counts otherwise: "
               "torchinfo, thop, fvcore, ptflops, calflops, keras and others of the catalogue."),
         Input("vary", "text", "A setting and its values, such as width=64:1024:64."),
         Input("solve", "text", "A setting whose largest value within the budget is wanted."),
         Input("budget", "number", "The most parameters."),
         Input("model", "model", "A function `package.module:factory` of yours that returns a "
               "model of PyTorch, Keras or Flax, alone or before an example of its input.")),
        "gradiometer parameters 100-100-20-1 100-20-100-1 --no-bias",
    ),
    Question(
        "schedule",
        "What is the learning rate at each step?",
        (Input("schedule", "text", "A catalogue name, a formula in k, the steps done so far, or "
               "several joined: `warmup for 5, then cosine`.",
               required=True, positional=True, entry="schedule"), _SET,
         Input("steps", "integer", "How many steps to list.", default=100),
         Input("compare", "texts", "Libraries whose form of the schedule is set beside it (torch, "
               "optax, keras, transformers, timm), or other schedules."),
         Input("losses", "texts", "The losses of a run, such as 1,0.9,0.9, or a file with them, "
               "for a schedule that follows them.")),
        "gradiometer schedule step --set learning_rate=1/10 --set step_size=15 --steps 60",
    ),
    Question(
        "trajectory",
        "Where does the optimizer go from here?",
        (*_RUN,
         Input("between", "text", "A parameter and a range, such as learning_rate=1/10:3, in which "
               "changes of the verdict are looked for.")),
        "gradiometer trajectory --objective barrier --set h=1/2 --set learning_rate=3/10",
    ),
    Question(
        "stability",
        "Which learning rates are safe here?",
        (*_LANDSCAPE[:2], _SET,
         Input("vary", "text", "The parameter of the rule whose safe values are wanted.",
               default="learning_rate"),
         Input("hold", "numbers", "What is remembered and taken as fixed, such as v=1/100."),
         Input("at", "place", "Near which critical point, such as 1 or x=1,y=2; the first minimum "
               "if not given."),
         Input("doublings", "integer", "How many of the rates at which cycles double their period "
               "to look for, 0 to 6.", default=0)),
        "gradiometer stability --objective x^2/2 --set momentum=9/10 --set nesterov=true",
    ),
    Question(
        "escape",
        "Which barriers does it cross?",
        (*_LANDSCAPE[:4], _ESCAPE_START, *_LANDSCAPE[5:]),
        "gradiometer escape --objective barrier --optimizer adam --set eps=0",
    ),
    Question(
        "sweep",
        "What happens over millions of settings?",
        (*_LANDSCAPE,
         Input("engine", "choice", "Which floats the runs are made of.", default="float64",
               choices=("float64", "float32")),
         Input("inside", "text", "What a run leaves when it escapes: LOW:HIGH, or one end as in "
               ":1+h, in parameters of the objective."),
         Input("prove", "texts", "Cells to answer exactly as well, such as 3,17 (a number for each "
               "range, from 0); boundary:20 for both sides of 20 changes; sample:20 for 20 drawn "
               "cells."),
         Input("keep", "text", "A file of finished parts: what it has is not run again, what is "
               "made is written to it at once."),
         Input("cluster", "text", "The address of a dask scheduler whose workers make the runs, "
               "such as tcp://127.0.0.1:8786.")),
        "gradiometer sweep --objective double_well --set learning_rate=1/10:3/2:29 "
        "--start=-2:2:41 --steps 200",
        is_long=True,
    ),
    Question(
        "training",
        "What do learning rate and schedule do to a real small network?",
        (Input("networks", "texts", "Widths such as 64-100-10; d and k stand for what the data "
               "need.", required=True, positional=True),
         Input("data", "texts", "A name such as digits or moons(noise=1/5), or a file that ends in "
               ".csv, .npz or .parquet.", required=True,
               endings=(".csv", ".npz", ".parquet", ".toml")),
         Input("target", "text", "The column of a file that is learnt."),
         Input("activation", "texts", "A catalogue name or a formula in x.", default="relu"),
         Input("optimizer", "texts", "A catalogue name.", default="sgd"), _SET,
         Input("schedule", "texts", "A catalogue name or a formula in k, the epochs done."),
         Input("per", "choice", "What the schedule counts.", choices=("epoch", "step"),
               default="epoch"),
         Input("initialization", "texts", "A catalogue name, or a variance such as 2/fan_in.",
               default="he"),
         Input("loss", "texts", "cross_entropy, sigmoid or squared; what suits the data if not "
               "given."),
         Input("vary", "texts", "A number and its values, such as learning_rate=1e-3:1:7:log or "
               "batch=16,64."),
         Input("epochs", "integer", "How often each example is met.", default=20),
         Input("batch", "integer", "How many examples a step takes.", default=32),
         Input("dropout", "number", "The share of hidden units left out at each step.",
               default="0"),
         Input("label_noise", "number", "The share of training labels made wrong.", default="0"),
         Input("seeds", "integer", "How many runs of each cell.", default=3),
         Input("seed", "integer", "The first seed.", default=0),
         Input("precision", "texts", "The numbers of the runs: float32 or float64.",
               default="float32"),
         Input("validation", "number", "The share of examples that choose.", default="1/5"),
         Input("test", "number", "The share of examples that judge.", default="1/5"),
         Input("split", "choice", "Whether each seed has a split of its own, or all have one.",
               choices=("each", "one"), default="each"),
         Input("scale", "choice", "How inputs and targets are scaled.",
               choices=("standard", "unit", "none"), default="standard"),
         Input("compare", "text", "The axis whose values are compared with its first one."),
         Input("target_accuracy", "number", "The accuracy whose first epoch is wanted."),
         Input("target_loss", "number", "The loss whose first epoch is wanted."),
         Input("within", "number", "How much worse than the best a learning rate may be.",
               default="1/20"),
         Input("compare_at", "choice", "At which learning rates values are compared.",
               choices=("best", "all"), default="best"),
         Input("sharpness", "integer", "After how many epochs each the sharpness is measured; 0 "
               "for never.", default=0),
         Input("range_test", "text", "Rates low:high:steps of a test in which the rate grows at "
               "every step, such as 1e-5:10:100."),
         Input("keep", "path", "A file of runs: what it has is not run again, what is made is "
               "written to it at once."),
         Input("quick", "flag", "A first look: at most 5 epochs, 2 seeds and 3 values of each "
               "number that varies.", default=False),
         Input("dry_run", "flag", "Only say what it would cost.", default=False)),
        "gradiometer training 2-16-1 --data moons --set learning_rate=1/2",
        is_long=True,
    ),
    Question(
        "claim",
        "Is this statement true?",
        (Input("says", "text", "A statement such as f'(x) = 3.", positional=True),
         Input("where", "texts", "Definitions such as f(x) = 3x+1, or assumptions such as x > 0."),
         Input("at", "numbers", "The point, for a statement about a computation."),
         Input("exactly", "flag", "Read a decimal as exact, not as rounded.", default=False),
         Input("steps", "texts", "The lines of a derivation, in place of a statement."),
         Input("file", "path", "A text, Markdown or LaTeX file that holds a derivation.")),
        "gradiometer claim \"f'(x) = 3/(1+e^(-3x))\" --where \"f(x) = ln(e^(3x)+1)\"",
    ),
)  # fmt: skip

QUESTIONS: Mapping[str, Question] = {question.name: question for question in _QUESTIONS}
"""Every question by its noun."""


def ask(question: str, **inputs: Any) -> Answer:
    """The answer to the question with that noun.

    Args:
        question: A name in `QUESTIONS`.
        inputs: What the question takes, by name; what is left out has its default.

    Raises:
        UsageError: If the question or an input is not known, or a required one is missing.
        GradiometerError: If an input cannot be used.

    Example:
        >>> ask("parameters", networks=["3-2-1"]).facts["parameters"].value
        11
    """
    if question not in QUESTIONS:
        nearest = suggest(question, QUESTIONS)
        raise UsageError(
            f"There is no question `{question}`.",
            known=tuple(QUESTIONS),
            hint=f"write `{nearest}`" if nearest else "",
        )
    entry = QUESTIONS[question]
    known = tuple(item.name for item in entry.inputs)
    for name in inputs:
        if name not in known:
            nearest = suggest(name, known)
            raise UsageError(
                f"The question `{question}` takes no `{name}`.",
                known=known,
                hint=f"write `{nearest}`" if nearest else "",
            )
    missing = [i.name for i in entry.inputs if i.required and inputs.get(i.name) is None]
    if missing:
        raise UsageError(f"The question `{question}` needs `{missing[0]}`.", known=known)
    defaults = {item.name: item.default for item in entry.inputs if item.default is not None}
    return entry.run(**{**defaults, **{k: v for k, v in inputs.items() if v is not None}})
