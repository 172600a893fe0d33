/** The console's script. Every page works without it. */
export const SCRIPT = `'use strict';
for (const time of document.querySelectorAll('time[datetime]')) {
  time.title = new Date(time.dateTime).toLocaleString() + ' (local time)';
}

if (navigator.clipboard) {
  for (const code of document.querySelectorAll('.copy')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'plain small';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    });
    code.after(button);
  }
}

// A page that changes is read again, unless somebody reads or uses it: then it stays as it is.
const seconds = Number(document.body.dataset.refresh);
const isInUse = () =>
  document.hidden ||
  !document.getSelection().isCollapsed ||
  document.querySelector('details[open]') !== null ||
  (document.activeElement !== document.body && document.activeElement !== null);
if (seconds > 0) {
  setInterval(() => {
    if (!isInUse()) {
      location.reload();
    }
  }, seconds * 1000);
}
`;
