  path CONSTANT text := pg_catalog.current_setting('search_path');
  kept CONSTANT text := pg_catalog.current_setting('segue.aside', true);
  again text;
BEGIN
  IF kept IS NULL OR kept = '' THEN
    RAISE EXCEPTION 'nothing of % of % is set aside', of_column, of_table;
  END IF;
  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
  FOR again IN SELECT a.text FROM pg_catalog.jsonb_array_elements_text(kept::pg_catalog.jsonb) WITH ORDINALITY a(text, place) ORDER BY a.place LOOP
    EXECUTE again;
  END LOOP;
  PERFORM pg_catalog.set_config('segue.aside', '', true), pg_catalog.set_config('search_path', path, true);
END
