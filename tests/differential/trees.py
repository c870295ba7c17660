# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values of one variable as trees, from either debugger: {path: bits}, to be compared leaf by leaf.

Leaves are the bits of scalars, so that nothing depends on how a debugger writes a number. LLDB's tree is the
reference: without its formatters, a few levels deep, a few elements of an array.
"""
import dataclasses
import re

import lldb

LEVELS = 4
ELEMENTS = 6
_HEX = re.compile(r"(-?)0x([0-9a-f]+)")
_BASIC = lldb.eTypeClassBuiltin | lldb.eTypeClassEnumeration | lldb.eTypeClassPointer
_RECORD = lldb.eTypeClassStruct | lldb.eTypeClassClass | lldb.eTypeClassUnion


@dataclasses.dataclass
class Leaf:
    """`bits` is None where the debugger says that the value is not known."""

    bits: int | None
    size: int = 0  # bytes
    note: str = ""


def _canonical(value: lldb.SBValue) -> lldb.SBType:
    return value.GetType().GetCanonicalType()


def _lldb_leaf(value: lldb.SBValue) -> Leaf:
    kind = _canonical(value)
    size = kind.GetByteSize()
    if not value.GetError().Success():
        return Leaf(None, size, value.GetError().GetCString() or "")
    if kind.GetTypeFlags() & lldb.eTypeIsFloat:
        error = lldb.SBError()
        raw = value.GetData().ReadRawData(error, 0, size)
        return Leaf(int.from_bytes(raw, "little"), size) if error.Success() else Leaf(None, size)
    error = lldb.SBError()
    number = value.GetValueAsSigned(error)
    return Leaf(number & ((1 << 8 * size) - 1), size) if error.Success() else Leaf(None, size)


def lldb_tree(value: lldb.SBValue, path: tuple = (), level: int = 0) -> dict[tuple, Leaf]:
    value = value.GetNonSyntheticValue()
    value.SetPreferDynamicValue(lldb.eNoDynamicValues)
    kind = _canonical(value)
    if kind.IsReferenceType():
        return lldb_tree(value.Dereference(), path, level)
    leaves: dict[tuple, Leaf] = {}
    if kind.GetTypeClass() & _BASIC:
        leaves[path] = _lldb_leaf(value)
        if not kind.IsPointerType() or not _can_follow(value, kind):
            return leaves
        value = value.Dereference().GetNonSyntheticValue()
        kind = _canonical(value)
        path = (*path, "*")
        level += 1
    if level >= LEVELS:
        return leaves
    if not kind.GetTypeClass() & (_RECORD | lldb.eTypeClassArray):
        return leaves | (lldb_tree(value, path, level) if path[-1:] == ("*",) else {})
    if not value.GetError().Success():
        return leaves
    for index in range(min(value.GetNumChildren(), ELEMENTS if kind.IsArrayType() else 40)):
        child = value.GetChildAtIndex(index, lldb.eNoDynamicValues, False)
        name = child.GetName() or ""
        leaves |= lldb_tree(child, (*path, name), level + 1)
    return leaves


def _can_follow(value: lldb.SBValue, kind: lldb.SBType) -> bool:
    target = kind.GetPointeeType().GetCanonicalType()
    address = value.GetValueAsUnsigned(0) & 0xFFFFFFFF
    return (address != 0 and target.GetTypeClass() & _RECORD != 0 and target.IsTypeComplete()
            and target.GetByteSize() > 0)


class AdapterTree:
    """Looks the same leaves up in the adapter, by names."""

    def __init__(self, session, frame: int) -> None:
        self._session = session
        self._frame = frame
        self._children: dict[int, dict] = {}
        self._roots: dict[str, object] = {}

    def leaf(self, root: str, path: tuple, size: int) -> Leaf:
        try:
            node = self._root(root)
        except AssertionError as error:
            return Leaf(None, size, str(error))
        for name in path:
            found = self._child(node, name)
            if found is None:
                return Leaf(None, size, f"no child {name!r} of {self._text(node)}")
            node = found
        match = _HEX.match(self._text(node))
        if match is None:
            return Leaf(None, size, self._text(node))
        number = int(match[2], 16) * (-1 if match[1] else 1)
        return Leaf(number & ((1 << 8 * size) - 1), size)

    @staticmethod
    def _text(node) -> str:
        return getattr(node, "result", None) or node.value

    def _root(self, name: str):
        if name not in self._roots:
            self._roots[name] = self._session.evaluate(f"{name},raw", self._frame, format={"hex": True})
        return self._roots[name]

    def _child(self, node, name: str):
        children = self._list(node.variablesReference)
        if "[raw]" in children:
            children = self._list(children["[raw]"].variablesReference)
        if name == "*":  # a followed pointer's children are the pointee's, or it has one child
            first = next(iter(children), "")
            return children[first] if first.startswith("*") else node
        if name == "":  # an anonymous member: the adapter shows its members in its place
            return node
        if name in children:
            return children[name]
        plain = [each for each in children if _plain(each) == _plain(name)]
        if len(plain) == 1:
            return children[plain[0]]
        # The adapter shows an object by its dynamic type: what LLDB knows is in a base class of that.
        for each in children.values():
            if each.type.startswith(each.name) and (found := self._child(each, name)) is not None:
                return found
        return None

    def _list(self, reference: int) -> dict:
        if reference == 0:
            return {}
        if reference not in self._children:
            self._children[reference] = self._session.children(reference, count=60, format={"hex": True})
        return self._children[reference]


def _plain(name: str) -> str:
    """A base class's name without inline namespaces and suffixes of numbers: debuggers differ in these."""
    return re.sub(r"\b(\d+)U?L?\b", r"\1", name.replace("std::__2::", "std::"))
