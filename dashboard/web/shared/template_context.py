"""The type of what a template is given."""

from __future__ import annotations

from typing import Any, TypeAlias

# By the names that the template uses. Parts of one page are made by several packages and joined;
# what is more than a text or a number is a frozen dataclass of the package that makes it.
TemplateContext: TypeAlias = dict[str, Any]
