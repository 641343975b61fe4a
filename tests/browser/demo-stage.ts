import { buildPage } from '../../web/build.ts';
import { call, eventually, temporaryData, viewsAreBuilt } from '../support/plaza.ts';
import { startProgram } from '../support/processes.ts';
import { launch } from './chromium.ts';

/** Runs a whole Plaza that the living demo has filled and then left alone, with a browser. */
export const startDemoStage = async (chromiumPath: string) => {
  const data = temporaryData();
  const [plaza, browser] = await Promise.all([
    buildPage().then(() => startProgram('all-in-one', { PLAZA_DATA: data.folder, TIME_ZONE: 'Asia/Seoul' })),
    launch(chromiumPath),
  ]);
  await viewsAreBuilt(plaza.url);
  const demo = (method: string) =>
    call<{ state: string }>(plaza.url, method, '/operations/demo', method === 'GET' ? undefined : {});
  const demoIs = (wanted: string) =>
    eventually(
      () => demo('GET'),
      ({ body }) => body.state === wanted,
    );
  await demoIs('empty');
  await demo('POST');
  await demoIs('running');
  await demo('DELETE');
  await demoIs('stopped');
  // The views and the policies reach the end of what the demo wrote.
  await eventually(
    () => call<{ projections: { state: string; eventsBehind: number }[] }>(plaza.url, 'GET', '/control-center'),
    ({ status, body }) =>
      status === 200 && body.projections.every(({ state, eventsBehind }) => state === 'live' && eventsBehind === 0),
  );
  return {
    browser,
    url: plaza.url,
    async end() {
      await browser.close();
      await plaza.end('SIGTERM');
      data.remove();
    },
  };
};
