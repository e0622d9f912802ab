/** A run's card as a picture: to the clipboard, or to a file where that is refused. */

import { find, write } from '../shared/dom.js';

const SCALE = 2; // pixels per CSS pixel

let presses = 0;

/** The page's scheme: its own, or else the system's. */
function scheme() {
  const chosen = getComputedStyle(document.documentElement).colorScheme;
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return chosen === 'dark' || (chosen !== 'light' && dark) ? 'dark' : 'light';
}

/** Draw the SVG at this address. @param {string} address @returns {Promise<Blob>} */
async function drawn(address) {
  const image = new Image();
  image.src = `${address}?scheme=${scheme()}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = SCALE * image.naturalWidth;
  canvas.height = SCALE * image.naturalHeight;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png');
  });
}

/** @param {HTMLElement} button */
export async function copyPicture({ dataset }) {
  const picture = drawn(dataset.picture ?? '');
  const press = ++presses;
  let message = 'Copied.';
  write(find('#copied'), '');
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
  } catch {
    message = await save(picture, dataset.file ?? '').catch(() => 'The picture cannot be drawn.');
  }
  // An earlier copy may end later.
  if (press === presses) write(find('#copied'), message);
}

/** @param {Promise<Blob>} picture @param {string} name */
async function save(picture, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await picture);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  return `Saved as ${name}.`;
}
