import { vi } from 'vitest';

/** Stands in for the parts of a browser that the pages' modules use as they load: import it before them. */
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {} });
vi.stubGlobal('location', new URL('http://localhost/'));
vi.stubGlobal('history', { state: null, pushState: () => {}, replaceState: () => {} });
vi.stubGlobal('addEventListener', () => {});
vi.stubGlobal('scrollTo', () => {});
vi.stubGlobal('scrollY', 0);
