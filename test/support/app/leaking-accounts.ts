import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

/** A table that can reject a row in many ways. */
@Entity('accounts')
@Check('sane', `"mail" NOT LIKE '%broken%'`)
@Index('one_mail', ['mail'], { unique: true })
export class Account {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  mail: string | null;

  @Column('text', { default: 'nick' })
  nick: string;

  @Column('inet', { nullable: true })
  address: string | null;

  /** What the trigger does with the row. */
  @Column('text', { nullable: true })
  does: string | null;

  @Column('text', { name: 'invited_by', nullable: true })
  invitedBy: string | null;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'invited_by', foreignKeyConstraintName: 'inviter' })
  inviter?: Account;
}

/** A trigger that lets a row fail as its column `does` says, always with the row's values in what Postgres says. */
export const FAILING_TRIGGER = `
  CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE WARNING 'row %', NEW;
    CASE NEW.does
      WHEN 'null' THEN NEW.nick := NULL;
      WHEN 'cast' THEN PERFORM NEW.mail::integer;
      WHEN 'date' THEN PERFORM NEW.mail::timestamptz;
      WHEN 'json' THEN PERFORM NEW.mail::jsonb;
      WHEN 'names' THEN RAISE EXCEPTION '%', NEW USING ERRCODE = '23514', DETAIL = NEW::text, HINT = NEW::text,
        SCHEMA = NEW.mail, TABLE = NEW.mail, COLUMN = NEW.mail, CONSTRAINT = NEW.mail, DATATYPE = NEW.mail;
      WHEN 'raise' THEN RAISE EXCEPTION '%', NEW USING DETAIL = NEW::text, HINT = NEW::text,
        SCHEMA = NEW.mail, TABLE = NEW.mail, COLUMN = NEW.mail, CONSTRAINT = NEW.mail, DATATYPE = NEW.mail;
      WHEN 'column' THEN EXECUTE format('SELECT %I', NEW.mail);
      WHEN 'function' THEN EXECUTE format('SELECT %I()', NEW.mail);
      WHEN 'table' THEN EXECUTE format('SELECT * FROM %I', NEW.mail);
      WHEN 'role' THEN EXECUTE format('SET LOCAL ROLE %I', NEW.mail);
      WHEN 'schema' THEN EXECUTE format('CREATE TABLE %I.t ()', NEW.mail);
      WHEN 'syntax' THEN EXECUTE 'SELECT 1 1 ' || quote_literal(NEW.mail) || ' ' || NEW.mail;
      WHEN 'setting' THEN PERFORM set_config(NEW.mail, 'x', true);
      WHEN 'sleep' THEN PERFORM pg_sleep(60);
      ELSE NULL;
    END CASE;
    RETURN NEW;
  END $$;
  CREATE TRIGGER fail BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION fail()`;
