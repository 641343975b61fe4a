import { useId, useState } from 'preact/hooks';
import { t } from './language.ts';
import { type Session, session } from './session.ts';
import { canSignIn, signInAt, signInWith } from './sign-in.ts';
import { useStore } from './store.ts';

const TokenForm = () => {
  const id = useId();
  const [token, setToken] = useState('');
  const [isRefused, setRefused] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefused(!(await signInWith(token.trim())));
    setBusy(false);
  };
  return (
    <form onSubmit={submit}>
      <p>
        {t({
          en: 'No identity provider is set up. Paste an access token, made where Plaza runs with',
          ko: '설정된 ID 공급자가 없습니다. Plaza가 실행되는 곳에서 아래 명령으로 만든 액세스 토큰을 붙여 넣으세요.',
        })}
      </p>
      <pre>npm run token -- --role staff --sub me</pre>
      {isRefused && (
        <p class="refused" role="alert">
          {t({
            en: 'Plaza does not accept this token: it has expired, or was made for another Plaza.',
            ko: '사용할 수 없는 토큰입니다. 만료되었거나 다른 Plaza에서 만든 토큰입니다.',
          })}
        </p>
      )}
      <div class="field">
        <label for={id}>{t({ en: 'Access token', ko: '액세스 토큰' })}</label>
        <input
          id={id}
          type="password"
          required
          autoComplete="off"
          value={token}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </div>
      <div class="buttons">
        <button type="submit" class="main" disabled={isBusy}>
          {t({ en: 'Sign in', ko: '로그인' })}
        </button>
      </div>
    </form>
  );
};

/** Signs the user in: at the identity provider, or with a pasted token. */
export const SignInPage = ({ provider, failed }: Extract<Session, { state: 'out' }>) => (
  <section class="sign-in" aria-labelledby="sign-in">
    <h1 id="sign-in">{t({ en: 'Sign in', ko: '로그인' })}</h1>
    {failed !== undefined && (
      <p class="refused" role="alert">
        {t({ en: 'Signing in failed', ko: '로그인하지 못했습니다' })}: <bdi>{t(failed)}</bdi>
      </p>
    )}
    {!provider && <TokenForm />}
    {provider && canSignIn() && (
      <>
        <p>
          {t({ en: 'Identity provider:', ko: 'ID 공급자:' })} <bdi>{new URL(provider.issuer).host}</bdi>
        </p>
        <div class="buttons">
          <button type="button" class="main" onClick={() => signInAt(provider)}>
            {t({ en: 'Sign in', ko: '로그인' })}
          </button>
        </div>
      </>
    )}
    {provider && !canSignIn() && (
      <p class="refused">
        {t({
          en: 'Signing in needs HTTPS: open this page with its https:// address.',
          ko: '로그인하려면 HTTPS가 필요합니다. https:// 주소로 이 페이지를 여세요.',
        })}
      </p>
    )}
  </section>
);

/** Shown above the page when the token has expired. */
export const SignInAgain = () => {
  const now = useStore(session);
  if (now.state !== 'over') return null;
  const { provider } = now;
  return (
    <p class="over" data-warning="signed-out">
      {t({
        en: 'Your sign-in has expired. The page shows the state before that.',
        ko: '로그인이 만료되었습니다. 화면에는 만료 전의 내용이 표시되어 있습니다.',
      })}{' '}
      <button type="button" onClick={() => (provider ? signInAt(provider) : session.set({ state: 'out', provider }))}>
        {t({ en: 'Sign in again', ko: '다시 로그인' })}
      </button>
    </p>
  );
};
