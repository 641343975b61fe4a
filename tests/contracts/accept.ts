import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { argumentsOf } from '../../programs/wiring/commands.ts';
import { type AsyncApi, breachesOfPromise, type OpenApi } from './compare.ts';
import { currentAsyncApi, currentOpenApi, fileOf, lines, promised } from './documents.ts';
import { FILE as EVENT_MODEL, eventModel } from './event-model.ts';

/**
 * `npm run contracts`: accepts today's OpenAPI and AsyncAPI documents as the promise to clients. Refuses to
 * break an older promise unless the version in package.json was raised. Also draws the event model.
 */
argumentsOf('contracts');

const [openApi, asyncApi] = [currentOpenApi(), currentAsyncApi()];
if (existsSync(fileOf('openapi'))) {
  const [oldOpenApi, oldAsyncApi] = [promised<OpenApi>('openapi'), promised<AsyncApi>('asyncapi')];
  const broken = [...breachesOfPromise(oldOpenApi, openApi), ...breachesOfPromise(oldAsyncApi, asyncApi)];
  if (broken.length > 0) {
    console.error(
      `${broken.join('\n')}\n\nThis breaks what was promised in ${oldOpenApi.info.version}: raise the version in package.json.`,
    );
    process.exit(1);
  }
}
mkdirSync(dirname(fileOf('openapi')), { recursive: true });
writeFileSync(fileOf('openapi'), lines(openApi));
writeFileSync(fileOf('asyncapi'), lines(asyncApi));
writeFileSync(EVENT_MODEL, await eventModel());
console.log(`docs/contracts/ holds what version ${openApi.info.version} promises`);
