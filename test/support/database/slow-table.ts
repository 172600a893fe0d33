/** Lets a statement that inserts more rows than this take longer than any timeout; others take their own time. */
export function slowAbove(table: string, rows: number): string {
  return `
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT count(*) FROM written) > ${rows} THEN PERFORM pg_sleep(60); END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER slow AFTER INSERT ON ${table} REFERENCING NEW TABLE AS written
      FOR EACH STATEMENT EXECUTE FUNCTION slow()`;
}
