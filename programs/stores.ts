/** `npm run stores`: the embedded stores, as a process of their own. */
import '../embedded/main.ts';
