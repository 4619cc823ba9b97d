/**
 * The script of a lane's page, served as `/assets/live.js`. It replaces what is in `<main>` whenever the lane changes,
 * keeps the reader's place, and keeps ages current. Without it the page reloads by itself (`<noscript>`).
 */
export const liveScript = `'use strict';
(() => {
  const main = document.querySelector('main[data-live]');
  const status = document.getElementById('live');
  if (!main || !window.EventSource) return;

  // The server's clock, so that a reader's wrong clock does not make ages wrong.
  let offset = 0;
  const readClock = () => {
    const at = Date.parse(main.querySelector('[data-at]')?.dataset.at ?? '');
    if (!Number.isNaN(at)) offset = at - Date.now();
  };

  const ageText = (seconds) => {
    if (seconds < 60) return seconds + ' s';
    if (seconds < 3600) return Math.floor(seconds / 60) + ' min';
    if (seconds < 172800) return Math.floor(seconds / 3600) + ' h';
    return Math.floor(seconds / 86400) + ' d';
  };
  const showAges = () => {
    for (const element of main.querySelectorAll('time[data-since]')) {
      const seconds = Math.floor((Date.now() + offset - Date.parse(element.dataset.since)) / 1000);
      const text = ageText(Math.max(0, seconds));
      if (element.textContent !== text) element.textContent = text;
    }
  };

  // Replacing the content takes the focus away: find the same link again, the n-th with this address.
  const sameLinks = (href) => [...main.querySelectorAll('a')].filter((link) => link.href === href);
  const replaceContent = (content) => {
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const href = focused instanceof HTMLAnchorElement ? focused.href : null;
    const place = href === null ? -1 : sameLinks(href).indexOf(focused);
    main.innerHTML = content;
    if (href !== null) {
      const links = sameLinks(href);
      (links[place] ?? links[0] ?? main).focus({ preventScroll: true });
    }
    readClock();
  };

  const say = (text, state) => {
    if (status.textContent !== text) status.textContent = text;
    status.dataset.state = state;
  };
  const stream = new EventSource(main.dataset.live);
  stream.addEventListener('open', () => say('Live', 'on'));
  stream.addEventListener('error', () => say('Connection lost, trying again', 'off'));
  stream.addEventListener('message', (event) => replaceContent(event.data));

  readClock();
  setInterval(showAges, 5000);
})();
`;
