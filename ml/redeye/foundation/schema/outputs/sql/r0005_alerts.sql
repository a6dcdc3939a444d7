-- What operators were told, where, and when. News, not decisions: no lease stands before them.

-- One row per try to send; `target` is the address without its secrets.
CREATE TABLE IF NOT EXISTS ledger.alert_messages (
    message_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    is_delivered boolean NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS alert_messages_by_target ON ledger.alert_messages (target, message_id);

-- An alert is told to an address once.
CREATE TABLE IF NOT EXISTS ledger.alerts (
    alert_key text NOT NULL,
    target text NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    night date,
    page text NOT NULL,
    message_id bigint NOT NULL REFERENCES ledger.alert_messages (message_id),
    PRIMARY KEY (alert_key, target)
);
