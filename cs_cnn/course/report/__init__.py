"""What comes out of grading: feedback pages for students, marks for the registrar."""
