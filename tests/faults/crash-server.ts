/** The store as a process that crash-documents.ts kills. */
import { startMongoServer } from '../../embedded/mongo/server.ts';

const [file] = process.argv.slice(2);
const { url } = await startMongoServer({ file: file as string });
process.send?.({ url });
process.on('disconnect', () => process.exit());
