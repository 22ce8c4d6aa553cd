-- What a process has read of whom it may ask holds for as long as the marks here are the same. Every change of what
-- decides who is asked adds one, in its own transaction; nobody waits for anybody. A few are kept, all of them count.
CREATE TABLE registry_changes (
    mark bigint PRIMARY KEY DEFAULT hashtextextended(gen_random_uuid()::text, 0),
    at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION note_registry_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO registry_changes DEFAULT VALUES;
    DELETE FROM registry_changes
     WHERE mark IN (SELECT mark FROM registry_changes ORDER BY at DESC OFFSET 8 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;

CREATE TRIGGER providers_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON providers
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER models_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON models
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER model_prices_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON model_prices
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER routes_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON routes
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER route_models_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON route_models
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER settings_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON settings
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER budgets_noted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON budgets
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();
-- All but its last use, which is noted while calls are made.
CREATE TRIGGER provider_keys_noted
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF provider_id, user_id, name, ciphertext, position, is_enabled ON provider_keys
    FOR EACH STATEMENT EXECUTE FUNCTION note_registry_change();

-- A circuit that opens or closes.
CREATE TRIGGER circuits_made AFTER INSERT ON circuits
    FOR EACH ROW WHEN (NEW.state <> 'closed') EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER circuits_moved AFTER UPDATE ON circuits
    FOR EACH ROW WHEN ((OLD.state <> 'closed') <> (NEW.state <> 'closed')) EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER circuits_gone AFTER DELETE ON circuits
    FOR EACH ROW WHEN (OLD.state <> 'closed') EXECUTE FUNCTION note_registry_change();
-- What a provider says is left, where nothing held before.
CREATE TRIGGER limit_notices_made AFTER INSERT ON limit_notices
    FOR EACH ROW EXECUTE FUNCTION note_registry_change();
CREATE TRIGGER limit_notices_said_again AFTER UPDATE ON limit_notices
    FOR EACH ROW WHEN (OLD.resets_at <= clock_timestamp()) EXECUTE FUNCTION note_registry_change();
