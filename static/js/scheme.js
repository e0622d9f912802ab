/** Apply the kept colour scheme: a classic script in the head, so that no other one is painted. */

try {
  document.documentElement.dataset.scheme = localStorage.getItem('liveburst-scheme') ?? 'system';
} catch {
  // Without storage the system decides.
}
