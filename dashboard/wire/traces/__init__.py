"""The types of looks, of X-rays, and of the file that trace viewers open."""
