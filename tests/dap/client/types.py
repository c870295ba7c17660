# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The protocol's types as far as tests read them. Unknown fields are kept out of the way."""
import dataclasses
from typing import Any, TypeVar

T = TypeVar("T")


def parse(kind: type[T], value: dict[str, Any]) -> T:
    """A dataclass from JSON: fields without a default must be there."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{key: item for key, item in value.items() if key in names})


@dataclasses.dataclass
class Breakpoint:
    verified: bool
    id: int = 0
    line: int = 0
    message: str = ""
    source: dict = dataclasses.field(default_factory=dict)
    instructionReference: str = ""


@dataclasses.dataclass
class Stopped:
    reason: str
    threadId: int = 0
    text: str = ""
    description: str = ""
    hitBreakpointIds: list = dataclasses.field(default_factory=list)
    allThreadsStopped: bool = False


@dataclasses.dataclass
class Frame:
    id: int
    name: str
    line: int
    column: int
    source: dict = dataclasses.field(default_factory=dict)
    instructionPointerReference: str = ""
    presentationHint: str = ""

    @property
    def file(self) -> str:
        return self.source.get("name", "")


@dataclasses.dataclass
class Scope:
    name: str
    variablesReference: int
    expensive: bool = False
    presentationHint: str = ""


@dataclasses.dataclass
class Variable:
    name: str
    value: str
    variablesReference: int
    type: str = ""
    evaluateName: str = ""
    memoryReference: str = ""
    namedVariables: int = 0
    indexedVariables: int = 0


@dataclasses.dataclass
class Evaluated:
    result: str
    variablesReference: int
    type: str = ""
    memoryReference: str = ""


@dataclasses.dataclass
class Instruction:
    address: str
    instruction: str
    instructionBytes: str = ""
    symbol: str = ""
    line: int = 0
    presentationHint: str = ""


@dataclasses.dataclass
class Thread:
    id: int
    name: str
