"""A run as one picture to share: verdict, waterfalls, machine and run id, as SVG."""
