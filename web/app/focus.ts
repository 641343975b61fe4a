/**
 * Keeps the keyboard's place. The focus returns to a control that was disabled for a moment, and goes to the nearest
 * remaining part of the page when its control is removed; never to another control, which a held key would press.
 */
export const keepFocus = (): void => {
  /** The element that got the focus last, and what contains it. */
  let path: readonly EventTarget[] = [];
  addEventListener('focusin', (event) => {
    path = event.composedPath();
  });
  addEventListener('pointerdown', () => {
    path = [];
  });
  new MutationObserver(() => {
    const [last] = path;
    if (!(last instanceof HTMLElement) || document.activeElement !== document.body) return;
    if (last.isConnected) return last.focus({ preventScroll: true });
    const left = path.find((one) => one instanceof HTMLElement && one.isConnected);
    if (!(left instanceof HTMLElement) || left === document.body) return;
    left.tabIndex = -1;
    left.focus({ preventScroll: true });
  }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['disabled'] });
};
