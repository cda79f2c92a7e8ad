//! What is known of an exchange, and its end, which is observed exactly once.

mod note;

use std::sync::Arc;

use bytes::Bytes;
use ccproxy_plugin_api::{Answer, Call, CallError, Fault, Messages};
use ccproxy_record::Cost;
use ccproxy_wire::{Dialect, Operation, RequestHead, Usage};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tokio::time::Instant;

use self::note::Note;
use super::plan::Plan;
use super::presence::Presence;
use crate::admission::Place;
use crate::app::{App, Ending, Instance, Passage, Verdict};
use crate::auth::Client;
use crate::body::Body;
use crate::error::{ERROR_INSIDE, Error};
use crate::limits::{Account, Seats};
use crate::request_id::RequestId;
use crate::visit::KeyName;

/// How often providers were asked, if more than once.
const ATTEMPTS: HeaderName = HeaderName::from_static("x-ccproxy-attempts");
/// Every target was down, and the least bad was asked all the same.
const FAIL_OPEN: HeaderName = HeaderName::from_static("x-ccproxy-fail-open");

/// What a request takes up as long as it is under way.
#[derive(Default)]
struct Places {
    /// Among the requests of its client.
    seats: Option<Seats>,
    /// Among all.
    here: Option<Place>,
    /// At the instance that is asked.
    there: Option<Place>,
}

/// One request of the API, from its first step to the last byte of its answer.
///
/// Whoever drops it without telling an end says that the client has gone.
pub(crate) struct Exchange {
    app: Arc<App>,
    id: RequestId,
    operation: Operation,
    begun: Instant,
    instance: Option<Arc<Instance>>,
    called: Option<Instant>,
    /// What the client has used, where that is limited.
    account: Option<Account>,
    /// Kept to the end, as the places are.
    passage: Option<Passage>,
    places: Places,
    failing_open: bool,
    status: Option<StatusCode>,
    first_byte: Option<Instant>,
    usage: Usage,
    /// What that costs, once it has ended.
    cost: Option<Cost>,
    ended: bool,
    /// Apart: an exchange is moved from step to step.
    note: Box<Note>,
    /// Where the call may outlive its client.
    presence: Option<Presence>,
}

impl Exchange {
    pub(super) fn begin(app: &Arc<App>, operation: Operation, id: &RequestId, headers: &HeaderMap) -> Self {
        app.stats.begin();
        Self {
            note: Box::new(Note::begin(&app.recorder, id, headers)),
            app: Arc::clone(app),
            id: id.clone(),
            operation,
            begun: Instant::now(),
            instance: None,
            called: None,
            account: None,
            passage: None,
            places: Places::default(),
            failing_open: false,
            status: None,
            first_byte: None,
            usage: Usage::default(),
            cost: None,
            ended: false,
            presence: app.limits.outlives_client().then(Presence::default),
        }
    }

    pub(super) fn client(&mut self, client: Client<'_>) {
        self.note.key = client.key_name().map(Into::into);
    }

    /// The request has come whole.
    pub(super) fn taken(&mut self, parts: &Parts, body: &Bytes, head: Option<&RequestHead<'_>>) {
        self.note.taken(parts, body, head);
    }

    /// Lets a client's request through that would cost it something, if the client has as much left; then waits until
    /// there is a place for it.
    ///
    /// # Errors
    /// [`Error::Limited`] and [`Error::Overloaded`].
    pub(super) async fn enter(
        &mut self,
        client: Client<'_>,
        stream: bool,
        until: Instant,
    ) -> Result<(), Error> {
        let app = Arc::clone(&self.app);
        let costs = super::resolve::costs(self.operation);
        if let Some(account) = costs.then(|| app.ledgers.account(client)).flatten() {
            let seats = self.account.insert(account).admit(stream).await;
            self.places.seats = Some(seats.map_err(|refusal| client.limited(refusal))?);
        }
        self.places.here = app.admission.enter(until).await?;
        Ok(())
    }

    /// The client's limits, for its answer to tell.
    pub(super) fn account(&self) -> Option<Account> {
        self.account.clone()
    }

    /// Another target is chosen.
    pub(super) fn target(&mut self, plan: &mut Plan) {
        self.note.route.clone_from(&plan.route);
        self.failing_open = plan.failing_open;
        let stays = self.instance.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, &plan.target.instance));
        if !stays {
            self.places.there = plan.target.place.take();
        }
        self.instance = Some(Arc::clone(&plan.target.instance));
        self.passage = plan.target.passage.take();
    }

    /// The target is about to be asked.
    pub(super) fn calls(&mut self, call: &mut Call) {
        let now = Instant::now();
        self.called = Some(now);
        if let Some(instance) = &self.instance {
            self.note.calls(instance, call, now);
        }
    }

    /// The target has answered, or failed.
    pub(super) fn hears(&mut self, attempt: Result<Answer, CallError>) -> Result<Answer, CallError> {
        self.note.hears(attempt)
    }

    /// How often a provider has been asked.
    pub(super) fn attempts(&self) -> u8 {
        u8::try_from(self.note.tries.len()).unwrap_or(u8::MAX)
    }

    /// What is told to the client of how its answer was come by, where that is anything to tell.
    pub(super) fn marks(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + use<> {
        let attempts =
            (self.attempts() > 1).then(|| (ATTEMPTS, HeaderValue::from(u16::from(self.attempts()))));
        let failing_open = self.failing_open.then(|| (FAIL_OPEN, HeaderValue::from_static("true")));
        attempts.into_iter().chain(failing_open)
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    /// The client is told this status.
    pub(super) fn tells(&mut self, status: StatusCode) {
        self.note.told = Some(status);
    }

    /// So much of the answer's body goes to the client.
    pub(super) fn sends(&mut self, data: &Bytes) {
        self.note.sends(data);
    }

    /// An answer of ours goes to the client.
    pub(super) fn answers(&mut self, response: &Response<Body>) {
        self.tells(response.status());
        if let Some(whole) = response.body().whole() {
            self.note.sends(whole);
        }
    }

    /// The name of the client's key, where somebody logs visits.
    pub(super) fn key_name(&self) -> Option<KeyName> {
        self.note.key.clone().filter(|_| self.app.recorder.wants().visits).map(KeyName)
    }

    /// Whoever follows the messages.
    pub(super) fn messages(&self) -> Option<Arc<dyn Messages>> {
        self.note.messages.clone()
    }

    /// The first content of a stream has come.
    pub(super) fn token(&mut self) {
        self.note.first_token.get_or_insert_with(Instant::now);
    }

    pub(super) fn byte(&mut self) {
        self.first_byte.get_or_insert_with(Instant::now);
    }

    pub(super) fn usage(&mut self, usage: Usage) {
        self.usage = usage;
    }

    pub(super) fn app(&self) -> &App {
        &self.app
    }

    pub(super) fn operation(&self) -> Operation {
        self.operation
    }

    /// Where the call may outlive its client: whether that is still there.
    pub(super) fn presence(&self) -> Option<Presence> {
        self.presence.clone()
    }

    pub(super) fn client_has_left(&self) -> bool {
        self.presence.as_ref().is_some_and(Presence::has_left)
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.id
    }

    /// The dialect whose events a stream has.
    pub(super) fn stream_dialect(&self) -> Option<Dialect> {
        super::attempts::stream_dialect(self.operation)
    }

    /// The answer reached the client whole.
    pub(super) fn done(&mut self) {
        if let (Some(instance), Some(status)) = (&self.instance, self.status) {
            let first_byte = self.first_byte.zip(self.called).map(|(at, called)| at.duration_since(called));
            super::call::came_whole(instance, status, first_byte);
        }
        self.end(Ending::Done, None);
    }

    /// The request was answered by an error of ours, whatever the provider's status was.
    pub(super) fn failed(&mut self, error: &Error) {
        self.status = None;
        self.note.error = Some((error.word(), error.fault()));
        // Where many are turned away, `admission` says so now and then.
        if error.fault() != Fault::Client && *error != Error::Overloaded {
            let instance = self.instance.as_ref().map_or("-", |instance| instance.name.as_str());
            tracing::warn!(id = self.id.as_str(), instance, fault = ?error.fault(), %error, "request_failed");
        }
        self.end(Ending::Failed, None);
    }

    /// The provider began an answer and did not bring it to its end; health hears of it, unless the status has said
    /// enough.
    pub(super) fn blame(&self, error: &CallError) {
        let said = self.status.is_some_and(|status| super::call::judge_status(status).is_some());
        if let Some(instance) = self.instance.as_ref().filter(|_| !said) {
            super::call::broke(instance, error);
        }
    }

    /// The answer broke off.
    pub(super) fn broke_off(&mut self, error: &CallError) {
        self.blame(error);
        self.note.error = Some((error.kind().word(), error.kind().fault()));
        if let Some(instance) = &self.instance {
            tracing::warn!(id = self.id.as_str(), instance = instance.name, %error, "answer_broke_off");
        }
        self.end(Ending::Failed, Some(error));
    }

    /// The provider reported a failure in a whole answer of HTTP 200, which the client has got with this status.
    pub(super) fn reported(&mut self, status: StatusCode) {
        if super::call::judge_status(status).is_some() {
            return self.told_error();
        }
        self.answered(status);
        self.done();
    }

    /// The provider ended its stream with an error of its own, which the client has got.
    pub(super) fn told_error(&mut self) {
        if let Some(instance) = &self.instance {
            instance.traffic.ended(Verdict::Fault(super::call::ERROR_INSIDE.into()), None);
        }
        self.note.error = Some((ERROR_INSIDE, Fault::Upstream));
        self.end(Ending::Failed, None);
    }

    /// What the tokens cost that the last provider counted.
    fn costs(&self) -> Option<Cost> {
        let (instance, model) = (self.instance.as_ref()?, self.note.served()?);
        let price = self.app.prices.of(&instance.name, instance.kind, model)?;
        price.cost(&note::tokens(&self.usage))
    }

    fn end(&mut self, ending: Ending, error: Option<&CallError>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        let ending = if self.client_has_left() { Ending::ClientGone } else { self.note.ending(ending) };
        self.note.ended = Some((ending, Instant::now()));
        self.app.stats.end(ending);
        self.places = Places::default();
        self.cost = self.costs();
        if let Some(account) = &self.account {
            account.charge(&self.usage, self.cost);
        }
        tracing::debug!(
            id = self.id.as_str(),
            operation = self.operation.name(),
            client = self.note.key.as_deref(),
            instance = self.instance.as_ref().map(|instance| instance.name.as_str()),
            model = self.note.model.as_deref(),
            attempts = self.attempts(),
            status = self.status.map(|status| status.as_u16()),
            ending = ?ending,
            error = error.map(tracing::field::display),
            first_byte_ms = self.first_byte.map(|at| at.duration_since(self.begun).as_secs_f64() * 1e3),
            duration_ms = self.begun.elapsed().as_secs_f64() * 1e3,
            input_tokens = self.usage.input,
            output_tokens = self.usage.output,
            cache_read_tokens = self.usage.cache_read,
            cache_write_tokens = self.usage.cache_write,
            reasoning_tokens = self.usage.reasoning,
            cost = self.cost.map(tracing::field::display),
            "exchange_ended"
        );
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // Clients may well have less patience than we: an upstream that keeps all of them waiting must not look idle.
        if let (false, None, Some(instance), Some(called)) =
            (self.ended, self.status, &self.instance, self.called)
        {
            instance.traffic.abandoned(called.elapsed());
        }
        self.end(Ending::ClientGone, None);
        self.record();
    }
}
