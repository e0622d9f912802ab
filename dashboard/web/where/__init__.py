"""The tab *Where* of a run: lines, flame graphs, two lanes side by side."""
