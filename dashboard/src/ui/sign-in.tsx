import { useState } from 'preact/hooks';
import { signIn } from '../lib/session';
import { Icon } from './icons';

export function SignIn({ wrong }: { wrong: boolean }) {
  const [token, setToken] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (token.trim() !== '') signIn(token.trim());
  };
  return (
    <div class="sign-in">
      <form class="panel" onSubmit={submit}>
        <h1><Icon name="key" /> Sign in</h1>
        <p>Details are for whoever shows a client key or the management token.</p>
        <label class="field">
          <span>Key or token</span>
          <input
            type="password"
            value={token}
            autocomplete="off"
            spellcheck={false}
            autofocus
            aria-invalid={wrong}
            aria-describedby="sign-in-note"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        {wrong && <p class="wrong" role="alert">That one was refused. It may be mistyped, revoked or expired.</p>}
        <button type="submit" class="primary">Sign in</button>
        <p id="sign-in-note" class="note">
          It stays in this tab until the tab is closed, and is sent as a header to this server alone. <code>ccproxy keys create NAME</code> makes
          a key; the management token is <code>[management] token</code>.
        </p>
      </form>
    </div>
  );
}
