// node summary.js STATUS [REPORT…]: prints the sums of vitest's JSON reports. A file that could not be loaded, a report
// that is missing, and a run that failed with no failed test (a check, the installation) count as one failure.
import { existsSync, readFileSync } from 'node:fs';

const [status, ...reports] = process.argv.slice(2);
const outcomes = reports.flatMap((report) => {
  if (!existsSync(report)) return ['failed'];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  return testResults.flatMap(({ status: file, assertionResults }) => {
    const tests = assertionResults.map((test) => test.status);
    return file === 'failed' && !tests.includes('failed') ? [...tests, 'failed'] : tests;
  });
});
const passed = outcomes.filter((outcome) => outcome === 'passed').length;
const failed = outcomes.filter((outcome) => outcome === 'failed').length;
console.log(`${passed} passed, ${failed === 0 && status !== '0' ? 1 : failed} failed`);
