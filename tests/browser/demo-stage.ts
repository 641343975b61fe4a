import { buildPage } from '../../web/build.ts';
import { call, eventually, openPlaza, temporaryData, viewsAreBuilt } from '../support/plaza.ts';

/** Opens a whole Plaza that the living demo has filled and then left alone. */
export const openDemoStage = async () => {
  const data = temporaryData();
  await buildPage();
  const plaza = await openPlaza({ PLAZA_DATA: data.folder, TIME_ZONE: 'Asia/Seoul' });
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
    url: plaza.url,
    async end() {
      await plaza.close();
      data.remove();
    },
  };
};
