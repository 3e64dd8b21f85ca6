"""HL7 version 2: messages over MLLP, stored before they are acknowledged, worked on afterwards."""
