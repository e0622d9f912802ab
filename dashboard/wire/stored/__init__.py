"""The JSON of what is stored: types for those who read single keys.

The dataclasses that write and read it check it. Keys that later versions added are NotRequired.
"""
