import { useState } from 'preact/hooks';
import { signIn } from '../lib/session';
import { Icon } from './icons';

export function SignIn({ wrong, why }: { wrong: boolean; why: string | null }) {
  const [token, setToken] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (token.trim() !== '') signIn(token.trim());
  };
  return (
    <div class="sign-in">
      <form class="panel" onSubmit={submit}>
        <h1><Icon name="key" /> Sign in</h1>
        <p>What happens here is for whoever shows the management token or the token of <code>[auth]</code>.</p>
        <label class="field">
          <span>Token</span>
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
        {wrong && <p class="wrong" role="alert">That one was refused: {why ?? 'it may be mistyped, revoked or expired.'}</p>}
        <button type="submit" class="primary">Sign in</button>
        <p id="sign-in-note" class="note">
          It stays in this tab until the tab is closed, and is sent as a header to this server alone. The tokens
          are <code>[management] token</code> and <code>[auth] token</code> of the configuration; a client's key is enough at the management port only.
        </p>
      </form>
    </div>
  );
}
