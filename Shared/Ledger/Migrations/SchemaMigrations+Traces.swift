extension SchemaMigrations {
    /// The trace (a W3C `traceparent`) of what carries an order's work from stage to stage. Rows without one begin a trace
    /// when they are worked.
    static let traces = """
        ALTER TABLE hint ADD COLUMN traceparent text;         -- of the last delivery that hinted
        ALTER TABLE sale ADD COLUMN traceparent text;         -- of the reading that made the newest version
        ALTER TABLE document ADD COLUMN traceparent text;     -- of the planning that last changed it
        ALTER TABLE call ADD COLUMN traceparent text;         -- the call's own step
        ALTER TABLE call_element ADD COLUMN traceparent text; -- the step of the document that the call carries
        """
}
