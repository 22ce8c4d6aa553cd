-- What a process has read of models, keys and routes holds for as long as the marks here are the same. Every change of what
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

-- The marks as one number, and what changes from call to call: the circuits that are not closed, and the models with a key
-- of which little is left, as their providers said lately. One row.
CREATE VIEW registry_marks AS
SELECT (SELECT bit_xor(mark) FROM registry_changes) AS changes,
       ARRAY(SELECT name FROM circuits WHERE state <> 'closed') AS held_back,
       ARRAY(SELECT name FROM limit_notices WHERE resets_at > clock_timestamp()) AS noticed;

-- model_with_key is read by the release before; the next one drops it.
