"""Conditions on a document, such as `certainty != "firm"`: read and checked before the work, then decided.

No code is run: an expression is a tree of the few nodes that `regchoose.fail_if.check` names.
"""
